"""Options of the commands that draw pictures: style, opacity, scale, percentile, superpixels, size."""

import argparse

from explanations.rendering import OPTIONS, STYLES, Rendering


def add_rendering(parser: argparse.ArgumentParser, default: str = "heat", also: str = "") -> None:
    """Add the options of how maps are drawn; `also` describes a style that one command has."""
    styles = "; ".join(f"{name}: {meaning}" for name, meaning in STYLES.items())
    parser.add_argument(
        "--style",
        default=default,
        help=f"{styles}, as many as in top:10{'; ' * bool(also)}{also}. Default: {default}",
    )
    parser.add_argument(
        "--opacity", type=float, help=f"of colours over the image, up to 1 (default: {Rendering.opacity})"
    )
    parser.add_argument(
        "--scale",
        help="sqrt, which shows weak values, too; or linear (default: linear over images, else sqrt)",
    )
    parser.add_argument(
        "--percentile",
        type=float,
        help=f"of a map's values, which gets the strongest colour (default: {Rendering.percentile:g})",
    )
    parser.add_argument(
        "--superpixels", type=int, help=f"of an image, about (default: {Rendering.superpixels})"
    )
    parser.add_argument(
        "--size", type=int, help=f"longer side of a picture in pixels, at most (default: {Rendering.size})"
    )


def read_rendering(options: argparse.Namespace) -> Rendering:
    """The rendering that the options name. Raises ValueError that names the option."""
    names = {name for options_of_style in OPTIONS.values() for name in options_of_style} - {"top"}
    given = {name: getattr(options, name) for name in (*sorted(names), "size")}
    try:
        return Rendering.choose(options.style, **given)
    except ValueError as error:
        raise ValueError(f"--{error}") from None
