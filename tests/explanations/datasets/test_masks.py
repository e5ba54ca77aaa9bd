"""Masks and boxes beside the photos."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explanations.datasets.labelled_images import LabelledImages, load
from explanations.datasets.masks import masks_beside, read_masks
from explanations.datasets.preprocessing import AS_IT_IS, Preprocessing

HALF = Preprocessing(size=(2, 3))


def save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint8)).save(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A cat and an owl, 6 wide and 4 high."""
    for name in ("cat/1.png", "owl/2.png"):
        save(tmp_path / "photos/test" / name, np.full((4, 6), 9))
    return tmp_path / "photos"


@pytest.fixture
def data(photos: Path) -> LabelledImages:
    return load(photos, "test")


LEFT = np.repeat([[1, 1, 1, 0, 0, 0]], 4, axis=0)


@pytest.mark.parametrize("name", ["cat/1.png", "1.tiff"])
@pytest.mark.parametrize("white", [1, 255])
def test_a_mask_is_found_by_the_name_of_its_photo(
    photos: Path, data: LabelledImages, name: str, white: int
) -> None:
    save(photos / "masks" / name, white * LEFT)
    assert masks_beside(photos) == photos / "masks"
    masks = read_masks(photos / "masks", photos, data, AS_IT_IS)
    assert masks[0].tolist() == LEFT.astype(bool).tolist()
    assert not masks[1].any()


def test_masks_are_resized_as_their_photos(photos: Path) -> None:
    save(photos / "masks/1.png", LEFT)
    masks = read_masks(photos / "masks", photos, load(photos, "test", HALF), HALF)
    assert masks.shape == (2, 2, 3)
    assert masks[0, 0].tolist()[::2] == [True, False]


def test_boxes_are_united(photos: Path, data: LabelledImages) -> None:
    table = "picture,left,top,right,bottom\ncat/1.png,0,0,1,4\ncat/1.png,1,0,3,4\n"
    (photos / "boxes.csv").write_text(table, encoding="utf-8-sig")
    assert masks_beside(photos) == photos / "boxes.csv"
    assert read_masks(photos / "boxes.csv", photos, data, AS_IT_IS)[0].tolist() == LEFT.astype(bool).tolist()


def test_an_array_of_masks_is_taken_as_it_is(photos: Path, data: LabelledImages) -> None:
    np.savez(photos / "m.npz", masks=np.stack([LEFT, LEFT]))
    assert read_masks(photos / "m.npz", None, data, AS_IT_IS).sum() == 24


def refusal(path: Path, photos: Path | None, data: LabelledImages) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        read_masks(path, photos, data, AS_IT_IS)
    return re.sub(r"\S*/(?=masks|boxes)", "", str(caught.value))


def test_a_mask_of_another_size_is_refused(photos: Path, data: LabelledImages) -> None:
    save(photos / "masks/1.png", LEFT[:2])
    assert refusal(photos / "masks", photos, data) == (
        "masks/1.png: has 6 x 2 pixels, but 1.png has 6 x 4; a mask is as large as its picture"
    )


def test_masks_of_none_of_the_photos_are_refused(photos: Path, data: LabelledImages) -> None:
    save(photos / "masks/7.png", LEFT)
    expected = "masks: has no mask of cat/1.png or of any other picture of photos"
    assert refusal(photos / "masks", photos, data) == expected


@pytest.mark.parametrize("row", ["cat/1.png,3,0,1,4", "cat/1.png,a,0,1,4", "cat/1.png,1"])
def test_a_box_that_is_none_is_refused(photos: Path, data: LabelledImages, row: str) -> None:
    (photos / "boxes.csv").write_text(f"picture,left,top,right,bottom\n{row}\n")
    assert refusal(photos / "boxes.csv", photos, data).startswith("boxes.csv: is not a table of boxes (")


def test_masks_by_name_need_photos_with_names(photos: Path) -> None:
    (photos / "masks").mkdir()
    assert refusal(photos / "masks", None, load(None, "test")) == (
        "masks: masks are matched with pictures by name, and MNIST has no names; "
        "write them as one .npz file with an array 'masks'"
    )
