"""A live training shown as a page in the browser."""
