"""Networks of torchvision with the weights that it names: their categories and transforms come along."""

from typing import Any

from explanations.datasets.preprocessing import Preprocessing
from explanations.models import weights as stored
from explanations.models.factories import Call, attempt, import_library
from explanations.models.hubs.network import Network, tensors_only


def open_model(call: Call, name: str | None) -> Network:
    """The network that `call` builds with the weights `name`, as in "DEFAULT" or "IMAGENET1K_V2".

    Untrained for None. torchvision downloads the weights once, compares the file with the digest in its name,
    and keeps it; nothing but tensors is read from it. Raises ValueError.
    """
    if name is None:
        return Network(_module(call, None), "")
    models = import_library(call.factory, "torchvision.models", "torchvision")
    builder = call.positional[0] if call.name == "get_model" else call.name.rpartition(".")[2]
    known = attempt(call.factory, lambda: models.get_model_weights(builder)).__members__
    chosen = known.get(name.rpartition(".")[2])
    if chosen is None:
        raise ValueError(
            f"--weights {name}: torchvision has no such weights of {builder}; allowed: {', '.join(known)}"
        )
    model = _module(call, chosen)
    return Network(
        model,
        stored.digest(model.state_dict()),
        f"{builder} {chosen.name}",
        tuple(chosen.meta.get("categories", ())),
        _preprocessing(chosen.transforms()),
    )


def _module(call: Call, chosen: Any) -> Any:
    with tensors_only():
        return call.make(weights=chosen)


def _preprocessing(transforms: Any) -> Preprocessing | None:
    """The preprocessing of torchvision's ImageClassification; None for other transforms."""
    if not hasattr(transforms, "crop_size"):
        return None
    [crop], [resize] = transforms.crop_size, transforms.resize_size
    return Preprocessing(
        size=(crop, crop),
        resize=resize,
        interpolation=str(transforms.interpolation.value),
        channels=3,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )
