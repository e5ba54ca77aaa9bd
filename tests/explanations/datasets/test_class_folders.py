import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from explanations.datasets import class_folders, labelled_images
from explanations.datasets.preprocessing import Preprocessing


def picture(path: Path, value: int, size: tuple[int, int] = (6, 4), mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode != "RGB" else (value, 0, 0)).save(path)


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Two classes of two pictures, 6 wide and 4 high, without splits."""
    for name, value in (("owl/b.png", 51), ("owl/a.jpeg", 102), ("cat/1.bmp", 153), ("cat/2.PNG", 204)):
        picture(tmp_path / "animals" / name, value)
    return tmp_path / "animals"


def test_pictures_are_read_by_class_and_name_and_folders_name_classes(animals: Path) -> None:
    data = labelled_images.load(animals, "test")
    assert (data.name, data.split, data.classes) == ("animals", "all", ("cat", "owl"))
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.images.shape == (4, 3, 4, 6)
    torch.testing.assert_close(data.images[[0, 1, 3], 0, 0, 0], torch.tensor([0.6, 0.8, 0.2]))
    assert (data.images[:, 1:].amax(dim=(1, 2, 3))[[0, 1, 3]] == 0).all()


def test_a_file_gives_classes_the_order_of_the_outputs(animals: Path) -> None:
    (animals / "classes.txt").write_text("owl\ndog\ncat\n")
    data = labelled_images.load(animals, "test")
    assert data.classes == ("owl", "dog", "cat")
    assert data.labels.tolist() == [0, 0, 2, 2]
    assert data.present == ("owl", "cat")


@pytest.mark.parametrize("name", ["test", "val", "validation", "valid"])
def test_splits_are_folders_and_share_their_classes(tmp_path: Path, name: str) -> None:
    for path in ("train/cat/1.png", "train/owl/1.png", f"{name}/owl/2.png"):
        picture(tmp_path / path, 9)
    data = labelled_images.load(tmp_path, "test")
    assert (data.classes, data.labels.tolist(), data.split) == (("cat", "owl"), [1], "test")
    assert labelled_images.load(tmp_path, "train").labels.tolist() == [0, 1]


def test_pictures_that_are_all_grey_have_one_channel_unless_three_are_declared(tmp_path: Path) -> None:
    for i, mode in enumerate(("L", "1")):
        picture(tmp_path / f"cat/{i}.png", 1, mode=mode)
    assert labelled_images.load(tmp_path, "test").images.shape == (2, 1, 4, 6)
    wanted = Preprocessing(mean=(0.5, 0.5, 0.5), std=(1.0,))
    assert labelled_images.load(tmp_path, "test", wanted).images.shape == (2, 3, 4, 6)
    assert labelled_images.load(tmp_path, "test", Preprocessing(channels=1)).images.shape == (2, 1, 4, 6)


def test_pictures_of_several_sizes_are_brought_to_the_declared_one(animals: Path) -> None:
    picture(animals / "cat/large.png", 255, (60, 80))
    assert labelled_images.load(animals, "test", Preprocessing((4, 4))).images.shape == (5, 3, 4, 4)


def test_the_digest_is_of_names_and_pictures(animals: Path) -> None:
    first = labelled_images.load(animals, "test").sha256
    assert labelled_images.load(animals, "test", Preprocessing((3, 3))).sha256 == first
    picture(animals / "owl/b.png", 52)
    second = labelled_images.load(animals, "test").sha256
    (animals / "owl/b.png").rename(animals / "owl/c.png")
    assert len({first, second, labelled_images.load(animals, "test").sha256}) == 3


def test_hidden_folders_and_other_files_are_passed_over(animals: Path) -> None:
    (animals / ".cache").mkdir()
    (animals / "owl/notes.txt").write_text("of owls")
    assert len(labelled_images.load(animals, "test").images) == 4


def refusal(folder: Path, wanted: Preprocessing = Preprocessing()) -> str:  # noqa: B008
    """The one line with which the data in `folder` are refused, without the folder's name."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        labelled_images.load(folder, "test", wanted)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{folder}/", "").replace(str(folder), "FOLDER")


def test_an_empty_class_folder_is_refused(animals: Path) -> None:
    (animals / "fox").mkdir()
    assert refusal(animals) == "fox: has no pictures; put some there, or remove the folder"


def test_a_folder_that_classes_txt_does_not_name_is_refused(animals: Path) -> None:
    (animals / "classes.txt").write_text("owl\ndog\n")
    assert refusal(animals) == "cat: classes.txt has no class 'cat'; name it there, or remove the folder"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"cat\ncat-1\ncat\n",
            "classes.txt: two classes would be called 'cat-1'; give every class a name of its own",
        ),
        (b"cat\nowl\xff\n", "classes.txt: is not UTF-8 text (byte 7); save it as UTF-8"),
    ],
)
def test_a_wrong_file_of_classes_is_refused(animals: Path, content: bytes, expected: str) -> None:
    (animals / "classes.txt").write_bytes(content)
    assert refusal(animals) == expected


def test_a_corrupt_picture_is_named(animals: Path) -> None:
    (animals / "cat/2.PNG").write_bytes((animals / "cat/2.PNG").read_bytes()[:45])
    assert re.fullmatch(
        r"cat/2.PNG: cannot be read as a picture \(.+\); save it again, or remove it", refusal(animals)
    )


def test_what_is_no_picture_at_all_is_named(animals: Path) -> None:
    (animals / "cat/2.PNG").write_text("meow")
    assert refusal(animals).startswith("cat/2.PNG: cannot be read as a picture")


@pytest.mark.parametrize("name", ["classes.txt", "labels.txt"])
def test_a_list_of_classes_may_begin_with_a_byte_order_mark(animals: Path, name: str) -> None:
    (animals / name).write_bytes("owl\r\ncat\r\n".encode("utf-8-sig"))
    assert labelled_images.load(animals, "test").classes == ("owl", "cat")


def test_two_lists_of_classes_that_differ_are_refused(animals: Path) -> None:
    (animals / "classes.txt").write_text("owl\ncat\n")
    (animals / "labels.txt").write_text("cat\nowl\n")
    assert refusal(animals) == (
        "FOLDER: classes.txt and labels.txt differ; keep the one in the order of the outputs"
    )


def test_classes_of_one_name_get_numbers_and_folders_say_which(animals: Path) -> None:
    (animals / "classes.txt").write_text("cat\nowl\ncat\n")
    assert refusal(animals) == (
        "cat: classes.txt has 2 classes 'cat'; rename the folder to the one that it holds: cat-1 or cat-2"
    )
    (animals / "cat").rename(animals / "cat-2")
    assert labelled_images.load(animals, "test").labels.tolist() == [1, 1, 2, 2]


def test_masks_are_no_class(animals: Path) -> None:
    picture(animals / "masks/cat/1.png", 255)
    assert labelled_images.load(animals, "test").classes == ("cat", "owl")
    (animals / "classes.txt").write_text("cat\nowl\nmasks\n")
    assert refusal(animals) == "masks: has no pictures; put some there, or remove the folder"


def test_pictures_keep_their_names(animals: Path) -> None:
    names = ("cat/1.bmp", "cat/2.PNG", "owl/a.jpeg", "owl/b.png")
    assert labelled_images.load(animals, "test").names == names


def test_sizes_that_differ_are_refused(animals: Path) -> None:
    picture(animals / "cat/3.png", 1, (5, 5))
    assert refusal(animals) == (
        "cat/3.png: has 5 x 5 pixels, but cat/1.bmp has 6 x 4; "
        "make them one size with --preprocessing size=224"
    )


def test_other_numbers_of_channels_are_refused(animals: Path) -> None:
    expected = "FOLDER: pictures have 1 or 3 channels, not 4; save the data as .npz"
    assert refusal(animals, Preprocessing(channels=4)) == expected


def test_more_pictures_than_memory_are_refused(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_folders, "LARGEST_SHARE", 1e-12)
    assert re.fullmatch(
        r"FOLDER: 4 pictures of 6 x 4 pixels take 0 GiB of memory, and this machine has \d+; "
        r"put a part of them into another folder",
        refusal(animals),
    )


def test_a_folder_without_data_and_a_path_without_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty") == "FOLDER: has no folders of pictures, one a class"
    assert refusal(tmp_path / "none") == (
        "FOLDER: does not exist; name a folder of IDX files or of pictures, or an .npz file"
    )


def test_a_split_that_is_not_there_is_refused(tmp_path: Path) -> None:
    picture(tmp_path / "train/cat/1.png", 9)
    expected = (
        "FOLDER: has no test images; it has train; wanted: folders train and test, or a folder of pictures"
    )
    assert refusal(tmp_path).startswith(expected)
