"""Draws maps of a set of single images in all styles, a row a map: the sheet of docs/pictures.md.

python benchmarks/styles.py SET styles.png grad-cam/espresso/1 lime-slic/espresso/1
"""

import sys
from pathlib import Path
from textwrap import fill

from matplotlib.figure import Figure

from explanations import manifest
from explanations.rendering import Rendering, colour, redrawing

STYLES = ("heat", "signed", "overlay", "borders", "top:10")
SIDE = 1.5  # inches
TITLE = 20  # characters of a line


def draw(folder: Path, out: Path, keys: list[str]) -> None:
    """The image of each map and the map in every style."""
    described = manifest.read(folder)
    titles = {method.slug: method.title for method in described.methods}
    maps = {key: manifest.read_maps(folder)[key] for key in keys}
    images = redrawing.read_images(folder, described)
    columns = {"image": images} | {style: colour(maps, Rendering.choose(style), images) for style in STYLES}
    figure = Figure(figsize=(SIDE * len(columns) + 0.4, SIDE * len(keys) + 0.3), layout="constrained")
    axes = figure.subplots(len(keys), len(columns), squeeze=False)
    for row, key in zip(axes, keys, strict=True):
        row[0].set_ylabel(fill(titles[key.split("/")[0]], TITLE), fontsize=9)
        for axis, name in zip(row, columns, strict=True):
            axis.imshow(columns[name][key], interpolation="none")
            axis.set(xticks=[], yticks=[])
            for spine in axis.spines.values():
                spine.set_color("#d5dae4")
    for axis, name in zip(axes[0], columns, strict=True):
        axis.set_title(name, fontsize=10)
    figure.savefig(out, dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
