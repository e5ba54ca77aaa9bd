"""Exact sums, tails of distributions and resampling. Knows nothing of votes."""
