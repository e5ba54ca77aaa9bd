"""Visual explanations of image classifiers: images and a classifier in, class maps and blind pictures out.

Importing this package imports nothing: the site reads `explanations.manifest` without PyTorch.
"""
