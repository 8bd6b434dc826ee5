"""Checks of the machinery itself: gradients by differences, descent that never rises, the sign of curvature."""
