"""The judgement: what keeps a network from a good fit (no JAX)."""
