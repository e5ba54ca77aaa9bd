"""Everything that the studio does, under /api/v1/: the same doors and the same rights, as JSON."""
