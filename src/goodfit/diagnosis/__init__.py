"""The judgment: what keeps a network from a good fit (no JAX)."""
