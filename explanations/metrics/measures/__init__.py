"""The metrics of a map, a module a family."""
