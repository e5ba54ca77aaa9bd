"""Figures of an explanation set for papers and slides."""
