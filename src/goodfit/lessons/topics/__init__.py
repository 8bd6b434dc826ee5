"""The lessons themselves, one a file."""
