"""Networks by the roads of other libraries, against small fakes of these, which are not installed here."""

import enum
import sys
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from explanations.datasets.preprocessing import Preprocessing
from explanations.models import classifiers, hubs, loading
from explanations.models import weights as stored
from explanations.models.callables import CallableModel
from explanations.models.spec import OWN, ModelSpec

CATEGORIES = ("tench, Tinca tinca", "crane", "crane")


def network(classes: int = 3) -> nn.Module:
    torch.manual_seed(7)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a module with these contents where an import finds it."""

    def put(name: str, **contents: Any) -> None:
        module = ModuleType(name)
        vars(module).update(contents)
        monkeypatch.setitem(sys.modules, name, module)

    return put


# A factory of one's own


@pytest.fixture
def own(install: Any) -> None:
    """A module of factories: of a network, of a function of NumPy, of TorchScript."""

    def script() -> nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return torch.jit.script(network())

    def function() -> Any:
        return lambda images: images.numpy().sum(axis=(1, 2, 3))[:, None]

    contents = {"network": network, "script": script, "function": function}
    install("own_networks", **contents, meta=lambda: network().to("meta"))


@pytest.mark.usefixtures("own")
def test_own_weights_are_those_that_the_factory_loads() -> None:
    loaded = classifiers.load(ModelSpec("own_networks:network", OWN))
    assert loaded.weights_sha256 == stored.digest(network().state_dict())
    assert torch.equal(loaded.model[1].weight, network()[1].weight)


@pytest.mark.usefixtures("own")
def test_a_network_whose_weights_nobody_names_is_refused() -> None:
    expected = (
        "^--model own_networks:network: name its weights with --weights file.safetensors, take those that it "
        "loads itself with --weights own$"
    )
    with pytest.raises(ValueError, match=expected):
        classifiers.load(ModelSpec("own_networks:network"))


@pytest.mark.usefixtures("own")
def test_any_function_of_images_is_a_classifier_without_gradients(squares: Path) -> None:
    with np.errstate(all="raise"):
        loaded, test = loading.load(ModelSpec("own_networks:function"), two_classes(squares))
    assert loaded.model(test.images[:2]).shape == (2, 2)
    assert set(loaded.lacks) == {"gradients", "modules", "layer", "rules"}
    assert len(loaded.weights_sha256) == 64


def two_classes(squares: Path) -> Path:
    images = np.random.default_rng(1).random((8, 1, 8, 9), dtype=np.float32)
    np.savez(squares / "two.npz", images=images, labels=np.arange(8) % 2)
    return squares / "two.npz"


@pytest.mark.usefixtures("own")
def test_a_function_takes_no_file_of_weights(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"needs none, because a function takes no weights; leave -"):
        classifiers.load(ModelSpec("own_networks:function", tmp_path / "w.safetensors"))


@pytest.mark.usefixtures("own")
def test_torchscript_has_gradients_but_no_layers(squares: Path) -> None:
    loaded, test = loading.load(ModelSpec("own_networks:script", OWN), squares)
    torch.testing.assert_close(loaded.model(test.images[:2]), network()(test.images[:2]))
    assert set(loaded.lacks) == {"modules", "layer", "rules"}


@pytest.mark.usefixtures("own")
def test_torchscript_is_filled_from_a_file(tmp_path: Path) -> None:
    tensors = {name: torch.ones_like(tensor) for name, tensor in network().state_dict().items()}
    safetensors.torch.save_file(tensors, tmp_path / "w.safetensors")
    loaded = classifiers.load(ModelSpec("own_networks:script", tmp_path / "w.safetensors"))
    assert torch.equal(loaded.model(torch.ones(1, 1, 8, 8)), torch.full((1, 3), 65.0))
    assert loaded.weights_sha256 == stored.sha256(tmp_path / "w.safetensors")


@pytest.mark.usefixtures("own")
def test_what_cannot_be_pickled_is_made_again_by_its_factory() -> None:
    spec = ModelSpec("own_networks:function")
    model = classifiers.load(spec).model
    assert isinstance(model, CallableModel)
    rebuild, arguments = model.__reduce__()
    assert arguments == (spec,)
    assert torch.equal(rebuild(*arguments)(torch.ones(1, 1, 8, 8)), torch.full((1, 1), 64.0))


@pytest.mark.usefixtures("own")
def test_parameters_without_values_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^own_networks:meta: has parameters on the meta device"):
        classifiers.load(ModelSpec("own_networks:meta", OWN))


def test_a_web_address_is_not_a_file_of_weights() -> None:
    with pytest.raises(ValueError, match=r"^--weights https://a/b: is a web address; download the file"):
        classifiers.load(ModelSpec("own_networks:network", "https://a/b"))


# torchvision


class Transforms(SimpleNamespace):
    """What weights.transforms() of torchvision gives."""


def transforms() -> Transforms:
    return Transforms(
        crop_size=[8],
        resize_size=[10],
        mean=[0.5],
        std=[0.25],
        interpolation=SimpleNamespace(value="bilinear"),
    )


class NetWeights(enum.Enum):
    """The weights of a network, as torchvision lists them."""

    IMAGENET1K_V1 = 1
    IMAGENET1K_V2 = 2
    DEFAULT = IMAGENET1K_V2

    @property
    def meta(self) -> dict[str, Any]:
        return {"categories": list(CATEGORIES)}

    @property
    def transforms(self) -> Any:
        return transforms


@pytest.fixture
def torchvision(install: Any) -> dict[str, Any]:
    """A fake torchvision; what its network was made with."""
    asked: dict[str, Any] = {}

    def net(weights: NetWeights | None = None) -> nn.Module:
        import os

        asked.update(weights=weights, tensors_only=os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD"))
        return network()

    install("torchvision")
    install("torchvision.models", net=net, get_model_weights={"net": NetWeights}.__getitem__)
    return asked


@pytest.mark.parametrize("spec", [
    ModelSpec("torchvision.models:net", "DEFAULT"),
    ModelSpec("torchvision.models:net", "Net_Weights.IMAGENET1K_V2"),
    ModelSpec("torchvision.models:net(weights='IMAGENET1K_V2')"),
    ModelSpec("torchvision.models:net(weights='IMAGENET1K_V2')", OWN),
])  # fmt: skip
def test_torchvisions_weights_bring_their_categories_and_transforms(
    torchvision: dict[str, Any], spec: ModelSpec
) -> None:
    found = hubs.open_network(spec)
    assert torchvision == {"weights": NetWeights.IMAGENET1K_V2, "tensors_only": "1"}
    assert (found.title, found.categories) == ("net IMAGENET1K_V2", CATEGORIES)
    assert found.preprocessing == Preprocessing((8, 8), 10, "bilinear", channels=3, mean=(0.5,), std=(0.25,))


@pytest.mark.usefixtures("torchvision")
def test_torchvisions_weights_of_another_name_are_refused_with_those_there_are() -> None:
    expected = "^--weights NONE: torchvision has no such weights of net; allowed: IMAGENET1K_V1, "
    with pytest.raises(ValueError, match=expected):
        hubs.open_network(ModelSpec("torchvision.models:net", "NONE"))


@pytest.mark.usefixtures("torchvision")
def test_of_torchvision_without_weights_the_message_names_them() -> None:
    with pytest.raises(ValueError, match=r"or torchvision's with --weights DEFAULT$"):
        hubs.open_network(ModelSpec("torchvision.models:net"))


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match=r"^timm:net: timm cannot be imported \(.*\); pip install timm$"):
        hubs.open_network(ModelSpec("timm:net"))


# timm


class ImageNetInfo:
    """The names of the classes of a subset of ImageNet, as timm has them."""

    def __init__(self, subset: str) -> None:
        assert subset == "small"

    def label_names(self) -> list[str]:
        return ["n1", "n2", "n3"]

    def label_descriptions(self) -> list[str]:
        return list(CATEGORIES)


@pytest.fixture
def timm(install: Any) -> list[Any]:
    """A fake timm; what its networks were made with."""
    asked: list[Any] = []

    def create_model(name: str, pretrained: bool = False, **more: Any) -> nn.Module:
        asked.append((name, pretrained, more))
        model = network()
        model.pretrained_cfg = {"input_size": (1, 8, 8), "mean": (0.5,), "std": (0.5,), "tag": "a1"}
        return model

    data = SimpleNamespace(infer_imagenet_subset=lambda model: "small", ImageNetInfo=ImageNetInfo)
    install("timm", create_model=create_model, data=data)
    return asked


def test_timms_networks_come_by_name_with_weights_classes_and_preprocessing(timm: list[Any]) -> None:
    found = hubs.open_network(ModelSpec("timm:net.a1"))
    assert timm == [("net.a1", True, {})]
    assert (found.title, found.categories[0]) == ("net.a1", "tench, Tinca tinca, n1")
    assert found.preprocessing == Preprocessing((8, 8), channels=1, mean=(0.5,), std=(0.5,))


def test_timms_networks_take_arguments_and_a_file_of_weights(timm: list[Any], tmp_path: Path) -> None:
    classifiers.save(network(), tmp_path / "w.safetensors", {})
    found = hubs.open_network(ModelSpec("timm:net(num_classes=3)", tmp_path / "w.safetensors"))
    assert timm == [("net", False, {"num_classes": 3})]
    assert (found.title, found.categories) == ("", ())


def test_timms_function_is_a_factory_like_any(timm: list[Any]) -> None:
    hubs.open_network(ModelSpec("timm:create_model('net', pretrained=True)", OWN))
    assert timm == [("net", True, {})]


# Hugging Face


class HuggingFace(nn.Module):
    """An image classifier of transformers."""

    def __init__(self, labels: dict[int, str]) -> None:
        super().__init__()
        self.network, self.config = network(), SimpleNamespace(id2label=labels)

    def forward(self, pixel_values: Tensor) -> Any:
        return SimpleNamespace(loss=None, logits=self.network(pixel_values))


@pytest.fixture
def transformers(install: Any) -> SimpleNamespace:
    """A fake transformers; what it answers, and what it was asked."""
    fake = SimpleNamespace(labels=dict(enumerate(CATEGORIES)), missing=[], asked=[])
    processor = {
        "do_resize": True, "size": {"shortest_edge": 10}, "do_center_crop": True, "resample": 3,
        "crop_size": {"height": 8, "width": 8}, "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": [0.5], "image_std": [0.25],
    }  # fmt: skip

    class Model:
        @staticmethod
        def from_pretrained(name: str, **more: Any) -> Any:
            fake.asked.append((name, more))
            return HuggingFace(fake.labels), {"missing_keys": fake.missing}

    class Processor:
        @staticmethod
        def from_pretrained(name: str, **more: Any) -> Any:
            return SimpleNamespace(to_dict=lambda: processor)

    install("transformers", AutoModelForImageClassification=Model, AutoImageProcessor=Processor)
    return fake


def test_hugging_faces_classifiers_bring_labels_and_preprocessor(
    transformers: SimpleNamespace, tmp_path: Path
) -> None:
    found = hubs.open_network(ModelSpec(f"hf:{tmp_path}"))
    options = {"use_safetensors": True, "output_loading_info": True, "local_files_only": True}
    assert transformers.asked == [(str(tmp_path), options)]
    assert (found.title, found.categories) == (tmp_path.name, CATEGORIES)
    assert found.preprocessing == Preprocessing((8, 8), 10, mean=(0.5,), std=(0.25,))


def test_placeholders_of_hugging_face_are_not_categories(transformers: SimpleNamespace) -> None:
    transformers.labels = {0: "LABEL_0", 1: "LABEL_1"}
    assert hubs.open_network(ModelSpec("hf:a/b")).categories == ()


def test_a_checkpoint_without_a_classifier_is_refused(transformers: SimpleNamespace) -> None:
    transformers.missing = ["classifier.weight"]
    with pytest.raises(ValueError, match=r"^hf:a/b: has no weights for classifier.weight, which"):
        hubs.open_network(ModelSpec("hf:a/b"))


@pytest.mark.usefixtures("transformers")
def test_of_hugging_faces_outputs_the_logits_are_explained(squares: Path) -> None:
    spec = ModelSpec("hf:a/b", preprocessing=Preprocessing())
    loaded, _ = loading.load(spec, squares)
    assert loaded.outputs == "logits"
    assert loaded.categories == CATEGORIES


# ONNX


class Session:
    """A session of ONNX Runtime: the sums of the rows of an image."""

    def __init__(self, path: str, options: Any, providers: list[str]) -> None:
        assert options.intra_op_num_threads == 1

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="input", type="tensor(float)", shape=["N", 8, 8, 1])]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name="rows"), SimpleNamespace(name="logits")]

    def run(self, names: None, inputs: dict[str, Any]) -> list[Any]:
        assert inputs["input"].shape[1:] == (8, 8, 1)  # channels last
        rows = inputs["input"].sum(axis=(2, 3))
        return [rows, rows[:, :3]]


def test_an_onnx_file_is_asked_for_outputs_only(install: Any, squares: Path) -> None:
    install("onnxruntime", InferenceSession=Session, SessionOptions=SimpleNamespace)
    (squares / "net.onnx").write_bytes(b"onnx")
    loaded, test = loading.load(ModelSpec(f"onnx:{squares / 'net.onnx'}"), squares)
    assert (loaded.title, loaded.outputs) == ("net", "logits")
    assert loaded.preprocessing == Preprocessing((8, 8), channels=1)
    torch.testing.assert_close(loaded.model(test.images[:2]), test.images[:2, 0].sum(dim=2)[:, :3])
    assert loaded.weights_sha256 == stored.sha256(squares / "net.onnx")
