"""The page of a live training: what a run says of itself, read once for all who watch, and the server that shows it."""
