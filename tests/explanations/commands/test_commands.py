import json
import re
from pathlib import Path

import pytest
from PIL import Image

from explanations import manifest
from explanations.__main__ import main
from explanations.methods.registry import DEFAULT, METHODS


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
    assert main(["gallery", folder, "--out", str(sheet), *arguments]) == 0
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
    assert listed["smoothgrad"]["aliases"] == ["smoothgrad-squared"]
    assert listed["grad-cam"]["signed"] is False
    assert set(listed["grad-cam"]["needs"]) == {"gradients", "layer"}
    assert [slug for slug, entry in listed.items() if entry["default"]] == list(DEFAULT)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (["--methods", "shap"], f"there is no method 'shap'; allowed: {', '.join(METHODS)}"),
        (["--set", "vargrad.sigma=wide"], "--set vargrad.sigma=wide: 'wide' is not a number"),
        (["--set", "lime.skip_black=no"], "--set lime.skip_black=no: 'no' is not true or false"),
        (
            ["--methods", "vargrad", "--set", "samples"],
            "--set samples: write name=value; "
            "names: vargrad.images, vargrad.samples, vargrad.sigma, vargrad.output",
        ),
        (["--weights", "/none/at/all"], "/none/at/all: cannot be read (No such file or directory); "),
    ],
)
def test_a_mistake_in_a_build_is_one_line(
    extra: list[str], expected: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(["build", "--out", str(tmp_path / "set"), *arguments, *extra], capsys)
    assert line.startswith(f"python -m explanations build: {expected}")


def test_a_parameter_is_set_by_any_name_of_its_method(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = ["build", "--out", str(tmp_path / "set"), "--images", "2", "--methods", "smoothgrad-squared"]
    assert main([*build, "--set", "smoothgrad-squared.samples=7", "--dry-run", *arguments]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == ["smoothgrad", "6", "0", "84"]


def test_a_gallery_takes_any_name_of_a_method(
    small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.svg"
    assert main(["gallery", str(small_set), "--out", str(sheet), "--methods", "sp-lime"]) == 0
    assert ">LIME<" in sheet.read_text()
    assert ">VarGrad<" not in sheet.read_text()


def test_a_dry_run_says_what_is_to_do_and_writes_nothing(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    build = ["build", "--out", str(folder), "--images", "2", "--samples", "40", "--methods", "vargrad"]
    assert main([*build, "--dry-run", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:5] == ["vargrad", "6", "0", "480", "480"]
    assert lines[-1].startswith("about ")
    assert not folder.exists()


def test_a_mistake_is_a_line_of_json_for_a_program(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = ["build", "--out", str(tmp_path / "set"), "--progress", "json", "--methods", "shap"]
    assert main([*build, *arguments]) == 2
    expected = (
        f"there is no method 'shap'; allowed: {', '.join(METHODS)}; or an import path, as in "
        "./file.py:function or package.module:function"
    )
    assert json.loads(capsys.readouterr().out) == {"state": "failed", "message": expected}


def test_a_folder_that_cannot_be_made_is_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("here")
    wanted = tmp_path / "file" / "set"
    command = ["build", "--out", str(wanted), "--images", "2", *arguments]
    expected = f"{wanted}: cannot be a folder, because {tmp_path / 'file'} is a file; name another"
    assert refused(command, capsys) == f"python -m explanations build: {expected}"
    assert refused([*command, "--dry-run"], capsys) == f"python -m explanations build: {expected}"


def test_a_cache_that_is_a_file_is_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("here")
    command = ["build", "--out", str(tmp_path / "set"), "--cache", str(tmp_path / "file"), *arguments]
    place = tmp_path / "file"
    assert refused(command, capsys) == (
        f"python -m explanations build: {place}: cannot be a folder, because {place} is a file; name another"
    )
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (["--out", "sheet.jpg"], "sheet.jpg: the figure is drawn as .png, .svg or .pdf"),
        (["--replicate", "3"], "there is no replicate 3; allowed: 1 to 2"),
        (["--replicate", "0"], "there is no replicate 0; allowed: 1 to 2"),
        (["--classes", "z"], "the set has no class 'z'; allowed: 3, 8"),
        (["--methods", "z"], "the set has no method 'z'; allowed: lime, vargrad"),
        (["--out", "none/sheet.png"], "none/sheet.png: there is no folder none; make it, or name another"),
    ],
)
def test_a_mistake_in_a_gallery_is_one_line(
    extra: list[str], expected: str, small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(["gallery", str(small_set), *extra], capsys)
    assert line.startswith(f"python -m explanations gallery: {expected}")


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (["--epochs", "0"], "--epochs must be at least 1 (got 0)"),
        (["--out", "."], ".: is a folder; name a file in it"),
    ],
)
def test_a_mistake_in_a_training_is_said_before_it(
    extra: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(["train", *extra], capsys) == f"python -m explanations train: {expected}"


def test_who_reads_no_further_gets_no_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*words: object, **options: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("builtins.print", broken)
    assert main(["methods"]) == 141
    assert capfd.readouterr().err == ""


def test_a_gallery_of_no_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = refused(["gallery", str(tmp_path / "none")], capsys)
    assert f"{tmp_path / 'none'}: does not exist; name the folder of a" in missing
    line = refused(["gallery", str(tmp_path)], capsys)
    assert line.startswith(
        f"python -m explanations gallery: {tmp_path}: has no manifest.json, so it is not a fin"
    )


def test_a_gallery_without_its_data_leaves_the_images_out_and_says_so(
    small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gallery", str(small_set), "--out", str(tmp_path / "sheet.svg")]) == 0
    error = "without the images; to show them name --data, --model and --weights\n"
    assert capsys.readouterr() == (f"{tmp_path / 'sheet.svg'}\n", error)


def test_a_gallery_with_other_weights_is_refused(
    small_set: Path, arguments: list[str], network, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(["gallery", str(small_set), *arguments], capsys)
    assert line == (
        f"python -m explanations gallery: {network.weights}: these are not the weights that "
        "the set explains; name those with --weights"
    )


def test_a_model_without_weights_is_refused(network, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(["accuracy", "--model", network.factory], capsys) == (
        f"python -m explanations accuracy: --model {network.factory}: name its weights with "
        "--weights file.safetensors, take those that it loads itself with --weights own"
    )


def test_preprocessing_is_given_in_words_and_kept_in_the_manifest(
    arguments: list[str], tmp_path: Path
) -> None:
    words = ["--preprocessing", "size=8", "resize=10", "mean=0.1", "std=127/255"]
    build = [
        "build",
        "--out",
        str(tmp_path / "set"),
        "--methods",
        "vargrad",
        "--images",
        "2",
        "--samples",
        "3",
    ]
    assert main([*build, *arguments, *words]) == 0
    kept = manifest.read(tmp_path / "set").classifier.preprocessing
    assert (kept["size"], kept["resize"], kept["crop"]) == ([8, 8], 10, "center")
    assert (kept["mean"], kept["std"]) == ([0.1], [127 / 255])


def test_weights_that_a_factory_loads_are_saved_and_named(
    network, squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["save-weights", network.factory, str(tmp_path / "saved.safetensors")]) == 0
    arguments = ["--model", network.factory, "--weights", str(tmp_path / "saved.safetensors")]
    assert main(["accuracy", *arguments, "--data", str(squares)]) == 0
    assert "60 test images of squares are right" in capsys.readouterr().out


def test_the_explained_output_and_what_it_holds_are_in_the_manifest(
    network, squares: Path, tmp_path: Path
) -> None:
    with (network.folder / "square_network.py").open("a") as module:
        module.write(TWO_OUTPUTS)
    arguments = ["--model", "square_network:two_outputs", "--weights", "own", "--data", str(squares)]
    build = ["build", "--out", str(tmp_path / "set"), "--methods", "gradient", "--each-image", *arguments]
    assert main([*build, "--outputs", "second", "--scores", "sigmoid"]) == 0
    classifier = manifest.read(tmp_path / "set").classifier
    assert (classifier.outputs, classifier.scores) == ("second", "sigmoid")


TWO_OUTPUTS = """
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = make()
    def forward(self, images):
        logits = self.network(images)
        return {"first": logits, "second": logits.sigmoid()}

def two_outputs():
    import torch
    torch.manual_seed(0)
    return Two()
"""


def test_a_method_that_needs_gradients_is_refused_where_there_are_none(
    network, squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (network.folder / "square_network.py").open("a") as module:
        module.write("\ndef function():\n    return lambda images: images.numpy().sum(axis=2)[:, 0, :3]\n")
    arguments = ["--model", "square_network:function", "--data", str(squares), "--out", str(tmp_path / "set")]
    line = refused(["build", "--methods", "gradient", "--dry-run", *arguments], capsys)
    assert line == (
        "python -m explanations build: gradient needs a model that can be differentiated, but of "
        "square_network:function its outputs have no gradient; choose methods that ask for outputs only, "
        "such as lime-slic, kernelshap, rise and occlusion"
    )
