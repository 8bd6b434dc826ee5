"""Data: any source to a dataset, its division into sets, and the inputs of a network."""
