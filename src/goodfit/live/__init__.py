"""Steering one training: nudge, rewind, branch, and the measured effect of a nudge."""
