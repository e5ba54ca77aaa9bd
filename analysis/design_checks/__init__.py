"""Checks of how a study went: position, order, class, carelessness, agreement. They exclude nobody."""
