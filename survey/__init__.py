"""Beholder's site: participants answer, researchers configure, analysts read. Also the Django project package."""
