"""Local explanations: from a network and images to weights."""
