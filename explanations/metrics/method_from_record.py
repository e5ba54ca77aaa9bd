"""The method of a finished set, restored from its record in the manifest as a function of images.

This module states the guarantees of local functions: completeness, if one compares an image with baselines
and draws nothing; implementation invariance, if it uses only the network's outputs and their gradients
(Sundararajan et al. 2017, arXiv:1703.01365, sections 2.2 and 3).
"""

import inspect
from dataclasses import dataclass

from torch import Tensor, nn

from explanations.attribution.baselines import make_baselines
from explanations.attribution.local import Floats, Sample
from explanations.manifest import records
from explanations.methods import registry
from explanations.methods.aggregation import AGGREGATIONS
from explanations.methods.names import choose_methods
from explanations.metrics.subject import Method, unwatched
from explanations.running.code_version import code_version

COMPLETE = {"integrated-gradients", "deeplift", "deepshap"}
INVARIANT = {
    *("gradient", "input-x-gradient", "smoothgrad", "smoothgrad-signed", "vargrad", "integrated-gradients"),
    *("smooth-integrated-gradients", "lime", "lime-slic", "occlusion"),
}


@dataclass(frozen=True)
class Context:
    """Inputs of an explanation of a set's class besides the images."""

    seed: int
    label: str
    target: int  # of the class among the model's outputs
    replicate: int
    numbers: tuple[int, ...]  # of the images in their data set, for their randomness
    classes: tuple[str, ...]
    training: Tensor  # (N, C, H, W), images of all classes for baselines


def find_method(record: records.Method, context: Context) -> Method | None:
    """The method of `record` with its parameters, or None if this version has none of its name."""
    entry = find_entry(record)
    if entry is None:
        return None
    parameters = {key: record.parameters.get(key, value) for key, value in entry.local.defaults.items()}

    def background() -> Tensor | None:
        return entry.local.choose_background(parameters, context.training, context.seed)

    def local(model: nn.Module, images: Tensor) -> Floats:
        sample = Sample(
            seed=context.seed,
            label=context.label,
            target=context.target,
            replicate=context.replicate,
            numbers=context.numbers[: len(images)],
            images=images,
            classes=context.classes,
            background=background(),
        )
        return entry.local.attribute(model, sample, {**parameters, "images": len(images)}, unwatched)

    slug = entry.local.slug

    def baselines_of_each(images: Tensor) -> list[Tensor]:
        given = background()
        return [make_baselines(image[None], parameters, given) for image in images]

    return Method(
        local,
        entry.aggregate,
        baselines=baselines_of_each if slug in COMPLETE else None,
        invariant=slug in INVARIANT,
        output=str(parameters.get("output", "logit")),
    )


def find_entry(record: records.Method) -> registry.ExplanationMethod | None:
    """The registry's method with this slug; of a combination, the one whose slug is the record's."""
    if record.slug in registry.METHODS:
        return registry.METHODS[record.slug]
    if "import_path" in record.parameters:
        return _find_own(record)
    for slug in registry.LOCALS:
        for aggregation in AGGREGATIONS:
            [method] = choose_methods([f"{slug}:{aggregation}"])
            if method.slug == record.slug:
                return method
    return None


def _find_own(record: records.Method) -> registry.ExplanationMethod | None:
    """The function at the import path of a record; None if it is missing or has changed since."""
    aggregation = str(record.parameters["aggregation"]).replace("_", "-")
    try:
        [method] = choose_methods([f"{record.parameters['import_path']}+{aggregation}"])
    except ValueError:
        return None
    return method if code_version(inspect.unwrap(method.local.explain)) == record.parameters["code"] else None
