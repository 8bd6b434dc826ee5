"""The engine: jobs in, runs out."""
