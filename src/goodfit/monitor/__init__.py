"""A live training to watch: what a run says of itself, read once for all, and the page or terminal that shows it."""
