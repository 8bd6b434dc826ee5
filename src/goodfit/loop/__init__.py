"""Rounds of experiments until the gap is closed."""
