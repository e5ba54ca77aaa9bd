"""Tests of equal means, ranks and shares, from counts or numbers per participant."""
