"""Beholder's site: participants answer, researchers configure, analysts read. The Django project."""
