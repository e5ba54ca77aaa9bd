import json
import re
from pathlib import Path

import pytest
from PIL import Image

from explanations import manifest
from explanations.__main__ import main
from explanations.methods import DEFAULT, METHODS


@pytest.fixture
def arguments(squares: Path, network) -> list[str]:
    """What makes a command use the squares and their network."""
    return ["--data", str(squares), "--model", network.factory, "--weights", str(network.weights)]


def refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error of a command that must end with status 2."""
    assert main(command) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_accuracy_is_printed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accuracy", *arguments]) == 0
    assert capsys.readouterr().out == "100.00% of the 60 test images of squares are right\n"


@pytest.mark.slow
def test_a_set_is_built_and_drawn(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, sheet = str(tmp_path / "set"), tmp_path / "sheet.png"
    build = ["build", "--out", folder, "--images", "2", "--samples", "40", "--set", "lime.samples=50"]
    assert main([*build, *arguments]) == 0
    assert main(["gallery", folder, "--out", str(sheet)]) == 0
    assert capsys.readouterr().out == f"{folder}: 30 pictures of 3 classes\n{sheet}\n"
    parameters = {method.slug: method.parameters for method in manifest.read(tmp_path / "set").methods}
    assert (parameters["lime"]["samples"], parameters["vargrad"]["samples"]) == (50, 40)
    with Image.open(sheet) as image:
        assert image.width > 500


def test_the_methods_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    titles = re.findall(r"^([\w-]+): ([^.]+)\.", capsys.readouterr().out, re.MULTILINE)
    assert titles == [(method.slug, method.title) for method in METHODS.values()]


def test_the_methods_are_listed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--format", "json"]) == 0
    listed = {entry["slug"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert list(listed) == list(METHODS)
    assert listed["grad-cam"]["signed"] is False
    assert set(listed["grad-cam"]["needs"]) == {"gradients", "layer"}
    assert [slug for slug, entry in listed.items() if entry["default"]] == list(DEFAULT)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (["--methods", "shap"], f"there is no method 'shap'; allowed: {', '.join(METHODS)}"),
        (["--set", "vargrad.sigma=wide"], "--set vargrad.sigma=wide: 'wide' is no float"),
        (["--set", "lime.skip_black=no"], "--set lime.skip_black=no: allowed: true, false"),
        (
            ["--methods", "vargrad", "--set", "samples"],
            "--set samples: write name=value; "
            "names: vargrad.images, vargrad.samples, vargrad.sigma, vargrad.target",
        ),
        (["--weights", "/none/at/all"], "/none/at/all: cannot be read (No such file or directory); "),
    ],
)
def test_a_mistake_in_a_build_is_one_line(
    extra: list[str], expected: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(["build", "--out", str(tmp_path / "set"), *arguments, *extra], capsys)
    assert line.startswith(f"python -m explanations build: {expected}")


def test_a_folder_that_cannot_be_made_is_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("here")
    line = refused(["build", "--out", str(tmp_path / "file" / "set"), *arguments], capsys)
    assert line == f"python -m explanations build: {tmp_path / 'file' / 'set'}: Not a directory"


def test_a_gallery_of_no_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(["gallery", str(tmp_path)], capsys)
    assert line.startswith(
        f"python -m explanations gallery: {tmp_path}: has no manifest.json, so it is no fin"
    )


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (["--replicate", "3"], "there is no replicate 3; allowed: 1 to 2"),
        (["--out", "sheet.jpg"], "sheet.jpg: the sheet is drawn as .png or .svg"),
    ],
)
def test_a_mistake_in_a_gallery_is_one_line(
    extra: list[str], expected: str, small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(["gallery", str(small_set), *extra], capsys)
    assert line == f"python -m explanations gallery: {expected}"
