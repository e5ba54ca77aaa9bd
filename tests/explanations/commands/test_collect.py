"""`python -m explanations collect`: from files to a set."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explanations import manifest
from explanations.__main__ import main

MAPS = np.random.default_rng(7).random((2, 12, 10))


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos of an owl and a cat, and maps of them in three forms beside it."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(6)
    for folder in ("photos", "cam"):
        (tmp_path / folder).mkdir()
    for name, values in zip(("cat", "owl"), MAPS, strict=True):
        pixels = random.integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"photos/{name}.jpg")
        Image.fromarray(np.uint8(255 * values)).save(tmp_path / f"cam/{name}.png")
    np.savez(tmp_path / "values.npz", cat=MAPS[0], owl=MAPS[1])
    np.save(tmp_path / "mine.npy", MAPS)
    return tmp_path


def test_a_folder_of_pictures_and_arrays_become_a_set(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "collect --out SET --images photos/ --maps gradcam=cam/ shap=values.npz mine=mine.npy"
    assert main(words.split()) == 0
    printed = capsys.readouterr()
    assert printed.out == "SET: 8 pictures of 2 images\n"
    assert printed.err.splitlines() == [
        "gradcam: 2 maps, matched by name",
        "shap: 2 maps, matched by name",
        "mine: 2 maps, matched by order",
    ]
    assert manifest.read(photos / "SET").dataset.classes == ("cat", "owl")


def test_a_table_states_what_is_known_of_the_images(photos: Path) -> None:
    (photos / "items.csv").write_text("name,label,target,predicted\nowl.jpg,night,owl,cat\ncat,day,cat,cat\n")
    words = "collect --out SET --images photos/*.jpg --maps mine=mine.npy --items items.csv"
    assert main(words.split()) == 0
    saved = manifest.read(photos / "SET")
    assert [(one.label, one.target, one.seen) for one in saved.originals] == [
        ("day", "cat", "cat"),
        ("night", "owl", "cat"),
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--images photos/", "name the maps of at least one method, as in --maps gradcam=cam/"),
        ("--maps a=mine.npy", "name either the images that are explained, with --images, or --classes"),
        ("--images photos/ --maps mine.npy", "'mine.npy' is not METHOD=PATH, as in gradcam=cam/"),
        ("--images photos/ --maps a=no.npy", "no.npy: there are no such files"),
        ("--images no/*.png --maps a=mine.npy", "--images no/*.png: there are no such files"),
    ],
)
def test_a_mistake_is_one_line(
    photos: Path, capsys: pytest.CaptureFixture[str], words: str, expected: str
) -> None:
    assert main(["collect", "--out", "SET", *words.split()]) == 2
    assert capsys.readouterr().err == f"python -m explanations collect: {expected}\n"
    assert not (photos / "SET").exists()


def test_collecting_needs_neither_pytorch_nor_scipy(photos: Path) -> None:
    program = (
        "import sys; from explanations.__main__ import main; "
        "main('collect --out SET --images photos/ --maps mine=mine.npy'.split()); "
        "sys.exit(bool({'torch', 'scipy', 'skimage'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(root)})
