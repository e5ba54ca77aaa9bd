"""No pickle is ever loaded: files that would run code when unpickled are refused, and nothing runs."""

import ast
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from explanations import __file__ as package
from explanations.__main__ import main

FORBIDDEN = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


class Trap:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.sprung,)


@pytest.fixture
def sprung(tmp_path: Path) -> Path:
    """The file that is there once a trap was unpickled."""
    return tmp_path / "sprung"


def write(path: Path, trap: Trap) -> None:
    """Writes the trap as a file of the kind that its name says."""
    if path.suffix == ".pt":
        torch.save({"0.weight": trap}, path)
    else:
        path.write_bytes(pickle.dumps(trap, protocol=4))


@pytest.mark.parametrize("name", ["weights.pt", "weights.pkl", "weights.safetensors"])
def test_pickled_weights_are_refused_in_one_line(
    name: str, tmp_path: Path, sprung: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / name, Trap(sprung))
    assert main(["accuracy", "--weights", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert error == (
        f"python -m explanations accuracy: {tmp_path / name}: is a pickle, which can run any code, and is "
        "not loaded; if you trust it, load it yourself and save it with "
        "safetensors.torch.save_model(model, 'weights.safetensors')\n"
    )
    assert not sprung.exists()


def test_arrays_of_objects_are_refused_in_one_line(
    tmp_path: Path, sprung: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objects = np.array([Trap(sprung)], dtype=object)
    np.savez(tmp_path / "data.npz", images=objects, labels=np.zeros(1, dtype=int))
    assert main(["accuracy", "--data", str(tmp_path / "data.npz")]) == 2
    assert capsys.readouterr().err == (
        f"python -m explanations accuracy: {tmp_path / 'data.npz'}: images holds Python objects, which are "
        "pickled and are not loaded; save it as an array of numbers\n"
    )
    assert not sprung.exists()


def test_a_pickle_that_calls_itself_npz_is_refused(
    tmp_path: Path, sprung: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "data.npz", Trap(sprung))
    assert main(["accuracy", "--data", str(tmp_path / "data.npz")]) == 2
    assert "data.npz: is not an .npz file; write it with numpy.savez_compressed" in capsys.readouterr().err
    assert not sprung.exists()


def test_the_traps_work(tmp_path: Path, sprung: Path) -> None:
    write(tmp_path / "weights.pkl", Trap(sprung))
    pickle.loads((tmp_path / "weights.pkl").read_bytes())
    assert sprung.exists()


def test_nothing_in_the_package_could_load_a_pickle() -> None:
    """No import of a module that does; torch.load says weights_only=True and np.load allow_pickle=False."""
    for path in Path(package).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (
                    {node.module or ""} if isinstance(node, ast.ImportFrom) else {a.name for a in node.names}
                )
                assert not {name.split(".")[0] for name in names} & FORBIDDEN, path
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("torch.jit.load", "torch.hub.load"), path
                if called == "torch.load":
                    assert "weights_only=True" in ast.unparse(node), path
                if called in ("np.load", "numpy.load"):
                    assert "allow_pickle=False" in ast.unparse(node), path
