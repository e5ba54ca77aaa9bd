"""Small things to explain: three classes of 8 x 8 images, classifiers of them, a set written by hand."""

import gzip
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from explanations import manifest
from explanations.building import build as building
from explanations.building.build import Plan
from explanations.manifest.records import FORMAT, Classifier, ClassMap, Dataset, Manifest, Method
from explanations.models.spec import ModelSpec
from explanations.rendering import Rendering, draw

CLASSES = 3
SIDE = 8

NETWORK = """
from torch import nn

def make():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.Softplus(), nn.Linear(12, 3))

def not_a_module():
    return 5
"""


def square(label: int) -> np.ndarray:
    """The 8 x 8 template of a class: a bright square of 3 x 3 pixels, elsewhere for each class."""
    template = np.zeros((SIDE, SIDE))
    corner = 1 + 2 * label
    template[corner - 1 : corner + 2, corner - 1 : corner + 2] = 1
    return template


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """A folder of IDX files: 60 training and 60 test images of three classes, 8 x 8, squares under noise."""
    folder = tmp_path / "squares"
    folder.mkdir()
    random = np.random.default_rng(1)
    for stem in ("train", "t10k"):
        labels = np.arange(60) % CLASSES
        images = np.stack([square(label) for label in labels]) * random.integers(120, 256, (60, SIDE, SIDE))
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


@dataclass(frozen=True)
class Network:
    """A classifier that can be imported: its factory, weights, and the folder that makes it importable."""

    factory: str
    weights: Path
    folder: Path

    @property
    def spec(self) -> ModelSpec:
        return ModelSpec(self.factory, self.weights)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A classifier that knows the squares: four noisy copies of each template, curved, summed by class."""
    (tmp_path / "square_network.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "square_network", raising=False)
    templates = torch.from_numpy(np.stack([square(label).ravel() for label in range(CLASSES)])).float()
    noise = torch.randn(4 * CLASSES, 64, generator=torch.Generator().manual_seed(8))
    tensors = {
        "1.weight": templates.repeat(4, 1) + 0.1 * noise,  # (12, 64)
        "1.bias": torch.full((4 * CLASSES,), -4.0),
        "3.weight": torch.eye(CLASSES).repeat(1, 4),  # (3, 12)
        "3.bias": torch.zeros(CLASSES),
    }
    safetensors.torch.save_file(tensors, tmp_path / "squares.safetensors")
    return Network("square_network:make", tmp_path / "squares.safetensors", tmp_path)


@pytest.fixture
def small() -> dict[str, dict[str, int]]:
    """Parameters with which a build takes a fraction of a second."""
    return {
        "lime": {"images": 3, "samples": 60, "features": 10},
        "smoothgrad": {"images": 2, "samples": 5},
        "vargrad": {"images": 2, "samples": 5},
    }


@pytest.fixture
def plan(squares: Path, network: Network, small: dict[str, dict[str, int]]) -> Plan:
    """A build of three classes by four methods, two replicates each."""
    return Plan(parameters=small, model=network.spec, data=squares)


@pytest.fixture
def content() -> Callable[[Path], dict[str, bytes]]:
    """Every file of a set but the timings, by its path from the set's folder."""

    def read(folder: Path) -> dict[str, bytes]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(p.relative_to(folder)): p.read_bytes() for p in files if p.name != "timings.json"}

    return read


@pytest.fixture
def kept() -> Callable[[Path], set[str]]:
    """The digests of the results in an unfinished set."""
    return lambda folder: {file.stem for file in (folder / ".work").glob("*.npz")}


@pytest.fixture
def interrupted() -> Callable[[Path, Plan], None]:
    """Begins to build a set, and is interrupted at the eighth step."""

    class Interruption(Exception):
        pass

    def begin(folder: Path, plan: Plan) -> None:
        steps: list[str] = []

        def step(done: float, total: float, doing: str) -> None:
            steps.append(doing)
            if len(steps) == 8:
                raise Interruption

        with pytest.raises(Interruption):
            building.build(folder, plan, step)

    return begin


@pytest.fixture
def linear_model() -> nn.Module:
    """A linear classifier of 8 x 8 images into 3 classes, with known random weights."""
    torch.manual_seed(5)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, CLASSES)).eval().requires_grad_(False)


@pytest.fixture
def curved_model() -> nn.Module:
    """A small convolutional classifier of 8 x 8 images into 3 classes: its gradient depends on the image."""
    torch.manual_seed(6)
    layers = nn.Conv2d(1, 4, 3), nn.Softplus(), nn.Flatten(), nn.Linear(144, CLASSES)
    return nn.Sequential(*layers).eval().requires_grad_(False)


@pytest.fixture
def rectified_model() -> nn.Module:
    """A small network of the usual layers: convolution, ReLU, MaxPool, linear. 8 x 8 images, 3 classes."""
    torch.manual_seed(6)
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, CLASSES)
    model = nn.Sequential(*layers).eval().requires_grad_(False)
    model[-1].bias += 1  # positive logits, as of images that a model assigns to a class
    return model


@pytest.fixture
def bright_images() -> torch.Tensor:
    """Four 8 x 8 images (4, 1, 8, 8) without a black pixel."""
    return 0.2 + 0.8 * torch.rand(4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(7))


METHODS = (
    Method("lime", "LIME", "Ribeiro et al. 2016", "comparison", False, {"samples": 10}, 40, 0),
    Method("vargrad", "VarGrad", "Adebayo et al. 2018", "comparison", False, {"sigma": 0.3}, 40, 40),
    Method("class-mean", "Class mean", "Mean image", "check", False, {}, 0, 0),
)


@pytest.fixture
def small_manifest(tmp_path: Path) -> Manifest:
    """The manifest of the set in `small_set`."""
    return manifest.read(_written(tmp_path / "set"))


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    """A valid set written by hand: two classes, two compared methods and a check, two replicates, 8 x 8."""
    return _written(tmp_path / "set")


def _written(folder: Path) -> Path:
    random = np.random.default_rng(2)
    records: list[ClassMap] = []
    keys = [
        (method.slug, label, replicate) for method in METHODS for label in ("3", "8") for replicate in (1, 2)
    ]
    maps = {manifest.array_key(*key): random.standard_normal((SIDE, SIDE)).astype(np.float32) for key in keys}
    files = manifest.write_pictures(folder, draw(maps, Rendering()))
    for slug, label, replicate in keys:
        key = manifest.array_key(slug, label, replicate)
        records.append(ClassMap(label, slug, replicate, key, files[key].path, files[key].sha256, 5))
    manifest.write_maps(folder, maps)
    description = Manifest(
        format=FORMAT,
        name="Two digits",
        seed=0,
        dataset=Dataset("MNIST", "test", "ab" * 32, ("3", "8")),
        classifier=Classifier("package.module:make", "cd" * 32, 0.99),
        rendering=Rendering().record(),
        versions={"numpy": "2"},
        methods=METHODS,
        maps=tuple(records),
    )
    manifest.write(folder, description)
    return folder
