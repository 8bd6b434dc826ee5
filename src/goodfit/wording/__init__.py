"""Numbers, units and settings as people read them."""
