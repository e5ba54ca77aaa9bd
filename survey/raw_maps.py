"""Raw importances as researchers look at them: with their sign, and in numbers; never for participants."""

import io
from dataclasses import dataclass

import matplotlib
import numpy as np
from PIL import Image

PALETTE = "RdBu"  # ColorBrewer's: colour-blind safe, nearly white in the middle, red below, blue above
PERCENTILE = 99  # of the absolute values: one extreme pixel would leave all others pale


@dataclass(frozen=True)
class RawMap:
    """One class map's raw importances, float32 (H, W)."""

    values: np.ndarray

    @property
    def minimum(self):
        return float(self.values.min())

    @property
    def maximum(self):
        return float(self.values.max())

    @property
    def limit(self):
        """The value of full blue; its negative is full red. Never 0, so that an empty map can be drawn."""
        return (
            float(np.percentile(np.abs(self.values), PERCENTILE)) or float(np.abs(self.values).max()) or 1.0
        )

    @property
    def negative_percent(self):
        """The share of pixels below zero, as in "12.5%"."""
        return f"{(self.values < 0).mean():.1%}"

    def picture(self):
        """PNG with zero in the middle of a symmetric palette: equal colours are equal distances from zero."""
        shades = np.clip(self.values / self.limit, -1, 1) / 2 + 0.5
        colours = matplotlib.colormaps[PALETTE](shades, bytes=True)[..., :3]  # (H, W, 3)
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(colours)).save(file, "PNG")
        return file.getvalue()

    def rows(self):
        """Plain numbers to six digits, row by row from the top."""
        return [[float(f"{value:.6g}") for value in row] for row in self.values.tolist()]
