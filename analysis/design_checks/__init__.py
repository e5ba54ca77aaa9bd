"""Checks of position, order, class, carelessness and agreement; none excludes participants."""
