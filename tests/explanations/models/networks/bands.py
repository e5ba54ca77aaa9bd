"""A linear network of images of several bands."""

from torch import nn


def linear(bands, height, width, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(bands * height * width, classes))
