"""The values that the public functions return: frozen, with `to_dict()` for JSON. Nothing here imports JAX."""
