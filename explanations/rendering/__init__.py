"""From a map to a picture that does not tell its method."""
