"""Labelled images from files, and what is done to them before a classifier sees them."""
