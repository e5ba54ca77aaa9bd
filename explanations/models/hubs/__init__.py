"""Networks by name: of a factory that can be imported, torchvision, timm, Hugging Face, or an ONNX file."""

import re
from pathlib import Path

from torch import nn
from torch.jit import ScriptModule

from explanations.models import factories, weights
from explanations.models.callables import CallableModel
from explanations.models.hubs import hugging_face, onnx_files, timm_models, torchvision_models
from explanations.models.hubs.network import Network
from explanations.models.spec import OWN, PAPER_FACTORY, PAPER_WEIGHTS, ModelSpec

_NAMED_WEIGHTS = re.compile(r"(\w+\.)?[A-Z][A-Z0-9_]*")  # of torchvision, as in ResNet50_Weights.DEFAULT


def open_network(spec: ModelSpec, with_weights: bool = True) -> Network:
    """The network of `spec` with its weights, or untrained. Raises ValueError for a user's mistakes."""
    file = _weights_file(spec) if with_weights else None
    hub, _, name = spec.factory.partition(":")
    with_own = with_weights and file is None
    if hub == "onnx":
        _refuse_file(spec, file, "an ONNX file holds its weights")
        return onnx_files.open_file(spec.factory, Path(name), _rebuild, (spec,))
    if hub == "hf":
        network = hugging_face.open_model(spec.factory, name, with_own)
    elif hub == "timm" and timm_models.is_name(name):
        network = timm_models.open_model(spec.factory, name, with_own)
    else:
        network = _by_factory(spec, file, with_weights)
    if file is None or isinstance(network.model, CallableModel):
        return network
    weights.fill(network.model, file, spec.factory)
    return Network(network.model, weights.sha256(file), "", (), network.preprocessing)


def _by_factory(spec: ModelSpec, file: Path | None, with_weights: bool) -> Network:
    """The network that a factory makes, with the weights of a file or else its own."""
    call = factories.read(spec.factory)
    if call.module.partition(".")[0] == "torchvision" and file is None:
        name = spec.weights if spec.weights not in (None, OWN) else call.named.get("weights")
        if isinstance(name, str):
            return torchvision_models.open_model(call, name if with_weights else None)
    product = _unwrapped(call.make())
    if isinstance(product, ScriptModule):
        if file is not None:
            weights.fill(product, file, spec.factory)
        sha256 = "" if file is None else weights.sha256(file)
        return Network(CallableModel(product, _rebuild, (spec,)), sha256)
    if isinstance(product, nn.Module):
        with_own = with_weights and file is None
        if with_own and spec.weights is None:
            raise ValueError(_unnamed(spec))
        _refuse_meta(spec, product)
        return Network(product, weights.digest(product.state_dict()) if with_own else "")
    if not callable(product):
        raise ValueError(
            f"{spec.factory}: returned a value of type {type(product).__name__}; it must return a "
            "torch.nn.Module, or a function from images to scores"
        )
    _refuse_file(spec, file, "a function takes no weights")
    return Network(CallableModel(product, _rebuild, (spec,)), "")


def _unwrapped(product: object) -> object:
    """The network itself in nn.DataParallel, or in the wrapper of torch.compile, which takes no hooks."""
    if isinstance(product, nn.DataParallel):
        return product.module
    return getattr(product, "_orig_mod", product)


def _rebuild(spec: ModelSpec) -> nn.Module:
    """The network of `spec` again, in another process, as a loaded one is."""
    model = open_network(spec).model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def _weights_file(spec: ModelSpec) -> Path | None:
    """The file of weights; None where the weights are the factory's own, or named ones of torchvision."""
    chosen = spec.weights
    if chosen is None:
        return PAPER_WEIGHTS if spec.factory == PAPER_FACTORY else None
    text = str(chosen)
    if text == OWN and not Path(text).is_file():
        return None
    named = spec.factory.startswith("torchvision") and _NAMED_WEIGHTS.fullmatch(text)
    if named and not Path(text).is_file():
        return None
    if "://" in text or text.startswith("https:/"):
        raise ValueError(f"--weights {text}: is a web address; download the file, and name the file")
    return Path(chosen)


def _refuse_file(spec: ModelSpec, file: Path | None, reason: str) -> None:
    if file is not None:
        raise ValueError(
            f"--weights {file}: {spec.factory} needs none, because {reason}; leave --weights out"
        )


def _refuse_meta(spec: ModelSpec, model: nn.Module) -> None:
    if any(parameter.is_meta for parameter in model.parameters()):
        raise ValueError(
            f"{spec.factory}: has parameters on the meta device, which hold no values; "
            "make it on the processor"
        )


def _unnamed(spec: ModelSpec) -> str:
    """The message for a factory whose weights were not named."""
    more = ", or torchvision's with --weights DEFAULT" if spec.factory.startswith("torchvision") else ""
    return (
        f"--model {spec.factory}: name its weights with --weights file.safetensors, take those that it loads "
        f"itself with --weights {OWN}{more}"
    )
