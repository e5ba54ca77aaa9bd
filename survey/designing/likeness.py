"""Which classes look least like a given one, so that no attention check has two right answers."""

import numpy as np
from PIL import Image


def least_alike(label, means):
    """The half of the other labels whose class means correlate least with `label`'s.

    `means` maps every label to the ClassMap of its mean picture, all of one size.
    """
    shades = {name: _shades(class_map) for name, class_map in means.items()}
    others = [name for name in means if name != label]
    others.sort(key=lambda name: np.corrcoef(shades[label], shades[name])[0, 1])
    return others[: (len(others) + 1) // 2]


def _shades(class_map):
    """The picture's palette indices, from 0 (none) to 255 (most), as one vector."""
    with class_map.image.open() as file, Image.open(file) as picture:
        return np.asarray(picture, dtype=float).ravel()
