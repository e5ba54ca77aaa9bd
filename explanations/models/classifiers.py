"""Classifiers: load, measure and save them. Knows no data set on disk.

A classifier takes images `(N, C, H, W)` float32 in [0, 1] and returns logits `(N, classes)`; softmax is
applied explicitly by whoever wants probabilities. A mean and a deviation that are declared are its first
layer. Weights are safetensors; no pickle is ever loaded.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from explanations.datasets.preprocessing import AS_IT_IS, Normalised, Preprocessing, of_config
from explanations.models import factories
from explanations.models import weights as stored
from explanations.models.spec import PAPER_FACTORY, PAPER_WEIGHTS, ModelSpec
from explanations.running.atomic_files import write_atomically

EVALUATION_BATCH = 500  # images of 28 x 28; as many pixels of others
EVALUATION_PIXELS = EVALUATION_BATCH * 28 * 28 * 8


@dataclass(frozen=True)
class LoadedModel:
    """A classifier that is ready to be explained, and what is known of it.

    `model` takes images (N, C, H, W) float32 in [0, 1] and returns logits (N, classes).
    """

    spec: ModelSpec
    model: nn.Module
    weights_sha256: str
    preprocessing: Preprocessing = AS_IT_IS


def predict(model: nn.Module, images: Tensor) -> Tensor:
    """The class (N,) with the greatest logit for each of `images` (N, C, H, W)."""
    batch = max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // images[0].numel()))
    with torch.inference_mode():
        return torch.cat([model(part).argmax(dim=1) for part in torch.split(images, batch)])


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of `images` (N, C, H, W) that the model assigns to their `labels` (N,), in [0, 1]."""
    return int((predict(model, images) == labels).sum()) / len(labels)


def save(model: nn.Module, path: Path, training: dict[str, object]) -> None:
    """Write the weights as safetensors; `training` says how they came about, in the file's metadata.

    The metadata have one key: safetensors writes several in no fixed order, and the same weights must be
    the same bytes.
    """
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    metadata = {"training": json.dumps(training, sort_keys=True)}
    write_atomically(Path(path), safetensors.torch.save(weights, metadata))


def load(spec: ModelSpec) -> LoadedModel:
    """The classifier of `spec`, in evaluation mode, its parameters frozen.

    It stands behind the mean and deviation of its preprocessing. Raises ValueError with what is wrong and
    what is allowed.
    """
    weights = _weights_file(spec)
    model = factories.make(spec.factory)
    stored.fill(model, weights, spec.factory)
    own = getattr(model, "pretrained_cfg", None)
    preprocessing = spec.preprocessing
    if preprocessing is None:
        where = f"{spec.factory}: pretrained_cfg"
        preprocessing = of_config(own, where) if isinstance(own, dict) else AS_IT_IS
    model = _channels_last(model.float().eval().requires_grad_(False))
    if preprocessing != AS_IT_IS:
        model = Normalised(model, preprocessing).eval()
    return LoadedModel(spec, model, stored.sha256(weights), preprocessing)


def _weights_file(spec: ModelSpec) -> Path:
    """The file of weights; the shipped one for the paper's network alone. Raises ValueError."""
    if spec.weights:
        return Path(spec.weights)
    if spec.factory != PAPER_FACTORY:
        raise ValueError(f"--model {spec.factory}: name its weights with --weights file.safetensors")
    return PAPER_WEIGHTS


def preprocessing_of(model: nn.Module) -> Preprocessing:
    """What a loaded classifier wants done to its pictures."""
    declared = (part.preprocessing for part in model.modules() if isinstance(part, Normalised))
    return next(declared, AS_IT_IS)


def _channels_last(model: nn.Module) -> nn.Module:
    """The model with the weights of its convolutions laid out channels innermost: much faster on processors.

    Written anew, for `contiguous` leaves the strides of a single channel as they are, at half the speed.
    """
    for parameter in model.parameters():
        if parameter.ndim == 4:
            anew = torch.empty_like(parameter.data, memory_format=torch.channels_last)
            parameter.data = anew.copy_(parameter.data)
    return model
