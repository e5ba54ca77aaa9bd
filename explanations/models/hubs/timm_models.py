"""Networks of timm by name, as in "resnet50.a1_in1k", "hf-hub:timm/...", "local-dir:FOLDER"."""

import re
from dataclasses import replace
from typing import Any

from explanations.datasets.preprocessing import of_config
from explanations.models import factories
from explanations.models import weights as stored
from explanations.models.hubs.network import Network, tensors_only

_NAME = re.compile(r"(?P<name>[^()]+?)(\((?P<arguments>.*)\))?")


def is_name(text: str) -> bool:
    """Return True if "timm:TEXT" names a model, rather than one of timm's functions."""
    return not text.startswith("create_model")


def open_model(factory: str, text: str, with_weights: bool) -> Network:
    """The network that timm calls `text`, perhaps with arguments as in "resnet18(num_classes=3)".

    With the weights that timm has for it, its preprocessing and the names of its classes. Raises ValueError.
    """
    timm = factories.import_library(factory, "timm", "timm")
    parts = _NAME.fullmatch(text)
    if not parts:
        raise ValueError(f"{factory!r} is not a model of timm; write timm:NAME, as in timm:resnet50.a1_in1k")
    arguments = ", ".join(part for part in (repr(parts["name"]), parts["arguments"]) if part)
    call = replace(factories.read(f"timm:create_model({arguments})"), factory=factory)
    pretrained = bool(call.named.get("pretrained", True)) and with_weights
    with tensors_only():
        model: Any = call.make(pretrained=pretrained)
    config = getattr(model, "pretrained_cfg", None) or {}
    if not with_weights:
        return Network(model, "", preprocessing=of_config(config, f"{factory}: pretrained_cfg"))
    tag = config.get("tag")
    return Network(
        model,
        stored.digest(model.state_dict()),
        parts["name"] if not tag or tag in parts["name"] else f"{parts['name']}.{tag}",
        _categories(timm, model, config) if pretrained else (),
        of_config(config, f"{factory}: pretrained_cfg"),
    )


def _categories(timm: Any, model: Any, config: dict[str, Any]) -> tuple[str, ...]:
    """The names of the classes, each with its WordNet number if they are ImageNet's; () if unknown."""
    names = config.get("label_names")
    if names:
        descriptions = config.get("label_descriptions") or {}
        return tuple(f"{descriptions.get(name, name)}, {name}" for name in names)
    subset = timm.data.infer_imagenet_subset(model)
    if subset is None:
        return ()
    classes = timm.data.ImageNetInfo(subset)
    pairs = zip(classes.label_descriptions(), classes.label_names(), strict=True)
    return tuple(f"{description}, {name}" for description, name in pairs)
