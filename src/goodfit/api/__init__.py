"""The public functions, one a file, and the results that they return."""
