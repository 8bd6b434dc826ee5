"""The function being fitted."""
