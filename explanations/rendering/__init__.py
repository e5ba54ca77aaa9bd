"""From maps to pictures that do not tell their methods. NumPy and Pillow only."""

from explanations.rendering.pictures import colour, draw, find_blank, fit, photograph
from explanations.rendering.record import OPTIONS, STYLES, Rendering

__all__ = ["OPTIONS", "STYLES", "Rendering", "colour", "draw", "find_blank", "fit", "photograph"]
