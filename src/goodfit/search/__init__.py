"""Caviar: search spaces on proper scales, the zoom sampler, and many trials at once; the only room that uses Optuna."""
