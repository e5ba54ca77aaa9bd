"""Pictures of maps that do not reveal their methods. Uses only NumPy and Pillow."""

from explanations.rendering.pictures import colour, draw, find_blank, fit, photograph
from explanations.rendering.record import OPTIONS, STYLES, Rendering

__all__ = ["OPTIONS", "STYLES", "Rendering", "colour", "draw", "find_blank", "fit", "photograph"]
