"""The record of a run, as plain values."""
