"""Labelled images from files, and their preprocessing for a classifier."""
