"""Caviar: search spaces on proper scales, the zoom sampler, and many trials at once; the only floor with Optuna."""
