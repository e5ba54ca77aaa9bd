"""Metrics of a map, one module per family."""
