"""Classifiers: load, measure and save them. Independent of data sets on disk.

A classifier takes images `(N, C, H, W)` float32 in [0, 1] and returns logits `(N, classes)`. A mean and a
deviation that are declared are its first layer. Weights are safetensors; no pickle is ever loaded.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from explanations.datasets.preprocessing import AS_IT_IS, Normalised, Preprocessing, of_config
from explanations.models import execution, hubs
from explanations.models import weights as stored
from explanations.models.outputs import OneByOne, Outputs
from explanations.models.spec import ModelSpec
from explanations.running.atomic_files import write_atomically

EVALUATION_BATCH = 500  # images of 28 x 28; as many pixels of others
EVALUATION_PIXELS = EVALUATION_BATCH * 28 * 28 * 3


@dataclass(frozen=True)
class LoadedModel:
    """A classifier that is ready to be explained, with its metadata.

    `model` takes images (N, C, H, W) float32 in [0, 1] and returns logits (N, classes). `title` names weights
    that came with the factory, as in "resnet50 IMAGENET1K_V2", and `categories` their classes.
    `outputs` and `scores` are what the trial found, and `lacks` what methods may need and the model does not
    have, with the reason.
    """

    spec: ModelSpec
    model: nn.Module
    weights_sha256: str
    preprocessing: Preprocessing = AS_IT_IS
    title: str = ""
    categories: tuple[str, ...] = ()
    outputs: str = ""
    scores: str = "logits"
    lacks: Mapping[str, str] = field(default_factory=dict)

    def untrained(self) -> nn.Module:
        """The network anew, as its factory makes it, with the same outputs explained."""
        network = hubs.open_network(self.spec, with_weights=False).model
        outer = self.model.model if isinstance(self.model, OneByOne) else self.model
        if isinstance(outer, Outputs):
            network = outer.around(network)
        return network


def load(spec: ModelSpec) -> LoadedModel:
    """The classifier of `spec`, in evaluation mode, its parameters frozen, before any trial.

    The mean and deviation of its preprocessing come first. Raises ValueError with what is wrong and
    what is allowed.
    """
    network = hubs.open_network(spec)
    model, preprocessing = network.model.eval(), spec.preprocessing
    if not isinstance(model, torch.jit.ScriptModule):
        model = model.float()
    for parameter in model.parameters():  # TorchScript has no requires_grad_ of its own
        parameter.requires_grad_(False)
    if preprocessing is None:
        preprocessing = network.preprocessing or _preprocessing_of(model, spec.factory)
    if preprocessing != AS_IT_IS:
        model = Normalised(model, preprocessing).eval()
    return LoadedModel(spec, model, network.weights_sha256, preprocessing, network.title, network.categories)


def preprocessing_of(model: nn.Module) -> Preprocessing:
    """The preprocessing that a loaded classifier expects."""
    declared = (part.preprocessing for part in model.modules() if isinstance(part, Normalised))
    return next(declared, AS_IT_IS)


def predict(model: nn.Module, images: Tensor) -> Tensor:
    """The class (N,) with the greatest logit for each of `images` (N, C, H, W)."""
    batch = max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // images[0].numel()))
    network, device = execution.place(model), execution.current().device
    with torch.inference_mode():
        parts = [network(part.to(device)).argmax(dim=1).cpu() for part in torch.split(images, batch)]
    return torch.cat(parts)


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of `images` (N, C, H, W) that the model assigns to their `labels` (N,), in [0, 1]."""
    return int((predict(model, images) == labels).sum()) / len(labels)


def save(model: nn.Module, path: Path, training: dict[str, object]) -> None:
    """Write the weights as safetensors; `training` says how they came about, in the file's metadata.

    The metadata have one key: safetensors writes several in no fixed order, and the same weights must be
    the same bytes. Of tied weights one is written.
    """
    weights = {name: tensor.contiguous() for name, tensor in stored.untied(model.state_dict()).items()}
    metadata = {"training": json.dumps(training, sort_keys=True)}
    write_atomically(Path(path), safetensors.torch.save(weights, metadata))


def _preprocessing_of(model: nn.Module, factory: str) -> Preprocessing:
    """The preprocessing that the model declares in the form of timm's models."""
    own = getattr(model, "pretrained_cfg", None)
    return of_config(own, f"{factory}: pretrained_cfg") if isinstance(own, dict) else AS_IT_IS
