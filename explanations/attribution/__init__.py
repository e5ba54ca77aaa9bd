"""Local explanations: a model and images in, weights `(images, pixels)` out. A file a family."""
