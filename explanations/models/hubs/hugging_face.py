"""Image classifiers of Hugging Face, by the name of a repository or a local folder of one."""

from pathlib import Path
from typing import Any

from explanations.datasets.preprocessing import Preprocessing, of_processor
from explanations.models import weights as stored
from explanations.models.factories import attempt, import_library
from explanations.models.hubs.network import Network, tensors_only


def open_model(factory: str, name: str, with_weights: bool) -> Network:
    """The classifier `name` with its weights, from safetensors only, its id2label and its preprocessor.

    Raises ValueError, also where the weights lack the classifier itself.
    """
    transformers = import_library(factory, "transformers", "transformers")
    local = {"local_files_only": True} if Path(name).is_dir() else {}
    with tensors_only():
        model, missing = attempt(factory, lambda: _model(transformers, name, with_weights, local))
    if missing:
        raise ValueError(
            f"{factory}: has no weights for {', '.join(sorted(missing)[:3])}, which would be random; "
            "name a model that was trained to classify"
        )
    preprocessing = _preprocessing(transformers, factory, name, local)
    if not with_weights:
        return Network(model, "", preprocessing=preprocessing)
    return Network(
        model, stored.digest(model.state_dict()), Path(name).name, _categories(model.config), preprocessing
    )


def _model(transformers: Any, name: str, with_weights: bool, local: dict[str, bool]) -> tuple[Any, list[str]]:
    """The network, and the names of parameters for which there are no weights."""
    kind = transformers.AutoModelForImageClassification
    if not with_weights:
        return kind.from_config(transformers.AutoConfig.from_pretrained(name, **local)), []
    model, information = kind.from_pretrained(name, use_safetensors=True, output_loading_info=True, **local)
    return model, list(information["missing_keys"])


def _preprocessing(
    transformers: Any, factory: str, name: str, local: dict[str, bool]
) -> Preprocessing | None:
    """The preprocessing of the model's image processor; None if it has none."""
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(name, **local)
    except (OSError, ValueError, ImportError):  # no preprocessor_config.json
        return None
    return of_processor(processor.to_dict(), f"{factory}: preprocessor_config.json")


def _categories(config: Any) -> tuple[str, ...]:
    """The labels in the order of the outputs; () where they are the placeholders LABEL_0, LABEL_1, ..."""
    labels = {int(number): str(label) for number, label in (config.id2label or {}).items()}
    names = tuple(labels[number] for number in sorted(labels))
    return () if all(name == f"LABEL_{number}" for number, name in enumerate(names)) else names
