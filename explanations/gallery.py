"""All class maps of an explanation set on one sheet: methods down, classes across. No PyTorch."""

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

from explanations.manifest import Manifest, Method

CELL = 0.86  # inches
GAP = 0.10
LEFT = 1.15  # for the methods' titles
TOP = 0.34  # for the classes' labels
MARGIN = 0.14

INK = "#1c2333"
FRAME = "#d5dae4"


def draw(folder: Path, manifest: Manifest, replicate: int, out: Path) -> None:
    """Draw the pictures of one replicate of the set in `folder`, as participants see them, to a PNG or SVG
    file."""
    if not 1 <= replicate <= manifest.replicates:
        raise ValueError(f"there is no replicate {replicate}; allowed: 1 to {manifest.replicates}")
    if out.suffix not in (".png", ".svg"):
        raise ValueError(f"{out}: the sheet is drawn as .png or .svg")
    methods = [method for method in manifest.methods if method.purpose == "comparison"]
    files = {(r.method, r.label): folder / r.image for r in manifest.maps if r.replicate == replicate}
    with matplotlib.rc_context({"svg.hashsalt": "beholder", "svg.fonttype": "none"}):
        figure = _sheet(methods, manifest.dataset.classes, files)
        metadata = {"Date": None} if out.suffix == ".svg" else {"Software": None}
        figure.savefig(out, dpi=200, metadata=metadata)


def _sheet(methods: list[Method], classes: tuple[str, ...], files: dict[tuple[str, str], Path]) -> Figure:
    width = MARGIN + LEFT + len(classes) * (CELL + GAP) - GAP + MARGIN
    height = MARGIN + TOP + len(methods) * (CELL + GAP) - GAP + MARGIN
    figure = Figure(figsize=(width, height), facecolor="white")
    for row, method in enumerate(methods):
        bottom = height - MARGIN - TOP - (row + 1) * CELL - row * GAP
        figure.text(
            (MARGIN + LEFT - 0.16) / width,
            (bottom + CELL / 2) / height,
            method.title,
            ha="right",
            va="center",
            size=11,
            color=INK,
        )
        for column, label in enumerate(classes):
            left = MARGIN + LEFT + column * (CELL + GAP)
            axes = figure.add_axes((left / width, bottom / height, CELL / width, CELL / height))
            with Image.open(files[method.slug, label]) as image:
                axes.imshow(image.convert("RGB"), interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(color=FRAME, linewidth=0.8)
            if row == 0:
                axes.set_title(label, size=12, color=INK, pad=6)
    return figure
