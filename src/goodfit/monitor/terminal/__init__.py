"""A live training shown in the terminal."""
