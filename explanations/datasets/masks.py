"""Masks of where the subject of each picture is, for IoU and the pointing game.

Masks come as an .npz file with an array `masks` (N, H, W) of the test images as the network is given them, as
a folder of pictures named as the photos (`masks/cat/1.png` or `masks/1.png` for `cat/1.jpg`), or as a CSV
file of boxes with the columns picture, left, top, right and bottom, in pixels of the photo.
"""

import csv
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.datasets.class_folders import MASKS_FOLDER, split_folders
from explanations.datasets.image_files import picture_files, picture_size, read_picture
from explanations.datasets.labelled_images import LabelledImages
from explanations.datasets.preprocessing import Preprocessing, shaped

BOXES_FILE = "boxes.csv"
SIDES = ("left", "top", "right", "bottom")

Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]  # left, top, right, bottom


def masks_beside(data: Path | None) -> Path | None:
    """The folder `masks` or the file boxes.csv in the folder `data`, if it has one."""
    if data is None or not data.is_dir():
        return None
    return next((path for path in (data / MASKS_FOLDER, data / BOXES_FILE) if path.exists()), None)


def read_masks(path: Path, folder: Path | None, data: LabelledImages, wanted: Preprocessing) -> Mask:
    """The masks (N, H, W) of the images of `data`, which were read from `folder` and shaped as `wanted`.

    A picture without a mask has an empty one. Raises ValueError where none has a mask, or one does not fit.
    """
    if path.is_dir():
        masks = _from_pictures(path, _photos(path, folder, data))
    elif path.suffix.lower() == ".csv":
        masks = _from_boxes(path, _photos(path, folder, data))
    else:
        return _from_array(path, (len(data.images), *data.images.shape[2:]))
    if not masks:
        raise ValueError(f"{path}: has no mask of {data.names[0]} or of any other picture of {data.name}")
    size = replace(wanted, channels=None, mean=(), std=(), interpolation="nearest")
    empty = np.zeros(tuple(data.images.shape[2:]), dtype=bool)
    return np.stack([_shaped(masks[i], size) if i in masks else empty for i in range(len(data.images))])


def _photos(path: Path, folder: Path | None, data: LabelledImages) -> list[Path]:
    """The files of the pictures of `data`."""
    if folder is None or not data.names:
        raise ValueError(
            f"{path}: masks are matched with pictures by name, and {data.name} has no names; "
            "write them as one .npz file with an array 'masks'"
        )
    return [split_folders(folder)[data.split] / name for name in data.names]


def _from_pictures(path: Path, photos: list[Path]) -> dict[int, Mask]:
    """The masks (H, W) by number of the photo; a pixel belongs to it above half of the mask's maximum."""
    by_name: dict[str, Path] = {}
    for folder in (path, *sorted(part for part in path.rglob("*") if part.is_dir())):
        for file in picture_files(folder):
            by_name[file.relative_to(path).with_suffix("").as_posix()] = file
    masks = {}
    for number, photo in enumerate(photos):
        for name in (photo.stem, f"{photo.parent.name}/{photo.stem}"):
            if name in by_name:
                masks[number] = _mask(by_name[name], photo)
    return masks


def _mask(file: Path, photo: Path) -> Mask:
    values = read_picture(file, 1)[0]  # (H, W)
    if values.shape != picture_size(photo):
        raise ValueError(
            f"{file}: has {_pixels(values.shape)} pixels, but {photo.name} has "
            f"{_pixels(picture_size(photo))}; a mask is as large as its picture"
        )
    return np.asarray(values > values.max() / 2)


def _from_boxes(path: Path, photos: list[Path]) -> dict[int, Mask]:
    """The masks (H, W) by number of the photo: all of its boxes."""
    boxes = _boxes(path)
    masks = {}
    for number, photo in enumerate(photos):
        own = boxes.get(f"{photo.parent.name}/{photo.name}") or boxes.get(photo.name)
        if own:
            masks[number] = np.zeros(picture_size(photo), dtype=bool)
            for left, top, right, bottom in own:
                masks[number][round(top) : round(bottom), round(left) : round(right)] = True
    return masks


def _boxes(path: Path) -> dict[str, list[Box]]:
    """The boxes by name of the picture."""
    boxes: dict[str, list[Box]] = defaultdict(list)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                left, top, right, bottom = (float(row[side]) for side in SIDES)
                if not (0 <= left < right and 0 <= top < bottom):
                    raise ValueError(f"left {left:g}, right {right:g}, top {top:g}, bottom {bottom:g}")
                boxes[row["picture"]].append((left, top, right, bottom))
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(
            f"{path}: is not a table of boxes ({error}); its columns are picture, {', '.join(SIDES)}, "
            "with 0 <= left < right and 0 <= top < bottom in pixels"
        ) from None
    return boxes


def _from_array(path: Path, shape: tuple[int, ...]) -> Mask:
    """The array `masks` of an .npz file: true or not 0 where the subject of an image is."""
    try:
        with np.load(path, allow_pickle=False) as file:
            masks = file["masks"]
    except (OSError, ValueError, KeyError):
        raise ValueError(f"{path}: is not an .npz file with an array 'masks' of shape {shape}") from None
    if masks.shape != shape:
        raise ValueError(f"{path}: masks has shape {masks.shape}; expected one mask a test image: {shape}")
    return np.asarray(masks != 0)


def _shaped(mask: Mask, size: Preprocessing) -> Mask:
    values = torch.from_numpy(mask.astype(np.float32))[None, None]
    return np.asarray(shaped(values, size)[0, 0].numpy() > 0.5)


def _pixels(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
