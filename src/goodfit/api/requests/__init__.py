"""Requests: frozen dataclasses that the command line fills and the public functions take; each option is declared once.

Nothing here imports JAX or reads data, so that `goodfit --help` is quick.
"""
