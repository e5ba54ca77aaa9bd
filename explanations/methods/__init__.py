"""The registry of explanation methods, their names and their aggregations."""
