"""Classifiers: from a name and weights to a network that is ready to be explained."""
