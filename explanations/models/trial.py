"""Trial of a classifier on the first images: what it returns, and what that depends on."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from explanations.models import execution, outputs
from explanations.models.callables import is_callable_only
from explanations.models.classifiers import LoadedModel
from explanations.models.spec import MULTI_LABEL_LOGITS, SCORES
from explanations.models.weights import digest

IMAGES = 8  # checked for outputs that could be logits or sigmoids
REPEATS = 2
REPRODUCED = 1e-5  # share of the largest output by which two runs may differ
BATCHED = 1e-3  # share of the largest output by which a batch may change the outputs of an image

_logger = logging.getLogger("explanations")


def try_out(loaded: LoadedModel, images: Tensor, classes: tuple[str, ...]) -> LoadedModel:
    """The classifier with logits (N, classes) as its only output, after a trial on some of `images`.

    `images` (n, C, H, W) are of the data set, whose `classes` are the network's outputs in their order;
    numbers may be fewer. Raises ValueError where the classifier cannot take the images, where its outputs are
    not those of the classes, or where they are random. A classifier whose outputs for an image depend on the
    batch is given one image at a time, and a warning is logged.
    """
    factory, example = loaded.spec.factory, images[:1]
    _check_channels(loaded, example[0])
    returned = _run(loaded, example)
    place = _place(loaded, returned, classes)
    model, scores = _with_logits(loaded, images, returned, place)
    with torch.inference_mode():
        logits = model(example)
    _check_logits(factory, logits, classes)
    _refuse_randomness(factory, model, example, logits)
    model = _separated(factory, model, images, logits)
    if not is_callable_only(model):
        execution.lay_out(model, _pair(images))
    return replace(
        loaded,
        model=model,
        weights_sha256=loaded.weights_sha256 or _digest(model, images),
        outputs="" if place is None else str(place),
        scores=scores,
        lacks=_what_is_lacking(model, example),
    )


def _check_channels(loaded: LoadedModel, image: Tensor) -> None:
    channels = loaded.preprocessing.wanted_channels
    if channels is not None and channels not in (1, len(image)):
        raise ValueError(
            f"{loaded.spec.factory}: takes {channels} channels by its preprocessing, but the images are "
            f"{_shape(image)}"
        )


def _run(loaded: LoadedModel, example: Tensor) -> Any:
    """Run the network as its author wrote it on one image (1, C, H, W)."""
    try:
        with torch.inference_mode():
            return loaded.model(example)
    except Exception as error:  # whatever a user's code raises
        reason = " ".join(str(error).split())
        remedy = (
            ""
            if loaded.preprocessing.size
            else (
                "; if it takes another size or other channels, declare them, as in --preprocessing size=224 "
                "channels=3"
            )
        )
        raise ValueError(
            f"{loaded.spec.factory}: cannot take images of {_shape(example[0])} "
            f"({type(error).__name__}: {reason}){remedy}"
        ) from None


# Which output


def _place(loaded: LoadedModel, returned: Any, classes: tuple[str, ...]) -> int | str | None:
    """The place of the explained output in the network's result; None for a single tensor."""
    factory, chosen = loaded.spec.factory, loaded.spec.outputs
    tensors = {place: value for place, value in _parts(returned).items() if isinstance(value, Tensor)}
    if isinstance(returned, Tensor):
        if chosen is not None:
            raise ValueError(f"--outputs {chosen}: {factory} returns one tensor; leave --outputs out")
        return None
    if chosen is not None:
        place = next((place for place in tensors if str(place) == chosen), None)
        if place is None:
            raise ValueError(f"--outputs {chosen}: {factory} has no such output; allowed: {_listed(tensors)}")
        return place
    if "logits" in tensors:
        return "logits"
    fitting = {place: value for place, value in tensors.items() if _is_scores(value)}
    if not fitting:
        listed = _listed(tensors) if tensors else f"a {type(returned).__name__}"
        raise ValueError(f"{factory}: returns {listed} for an image; it must return scores (1, classes)")
    widths = {place: value.numel() for place, value in fitting.items()}
    exact = [place for place, width in widths.items() if width == len(classes)]
    if exact or len(set(widths.values())) == 1:
        return (exact or list(fitting))[0]
    raise ValueError(f"{factory}: returns {_listed(tensors)}; say with --outputs which are scores of classes")


def _parts(returned: Any) -> dict[int | str, Any]:
    """The outputs of a network by their keys, attributes or numbers."""
    if isinstance(returned, Mapping):
        return dict(returned)
    if hasattr(returned, "_asdict"):
        return dict(returned._asdict())
    if isinstance(returned, tuple | list):
        return dict(enumerate(returned))
    return dict(vars(returned)) if hasattr(returned, "__dict__") else {}


def _is_scores(value: Tensor) -> bool:
    return value.ndim == 2 and value.is_floating_point()


def _listed(tensors: Mapping[int | str, Tensor]) -> str:
    return ", ".join(f"{place} ({_shape(value)})" for place, value in tensors.items())


# What it holds


def _with_logits(
    loaded: LoadedModel, images: Tensor, returned: Any, place: int | str | None
) -> tuple[nn.Module, str]:
    """The model with logits as outputs, converted where needed, and the kind of its own outputs."""
    model, factory, declared = loaded.model, loaded.spec.factory, loaded.spec.scores
    example = images[:1]
    scores = outputs.pick(returned, place)
    if not isinstance(scores, Tensor) or not scores.is_floating_point():
        kind = f"{_shape(scores)} of {scores.dtype}" if isinstance(scores, Tensor) else type(scores).__name__
        raise ValueError(f"{factory}: returns {kind} for an image; it must return scores (1, classes)")
    scores = outputs.as_rows(scores, 1)
    if scores.ndim != 2 or len(scores) != 1:
        raise ValueError(
            f"{factory}: returns {_shape(scores)} for an image; it must return scores (1, classes)"
        )
    step = None if is_callable_only(model) else _last_step(model, example, place)
    kind = declared or step or _kind_by_value(scores) or _kind_of_several(factory, model, images, place)
    if declared is not None and not _can_be(declared, scores):
        raise ValueError(
            f"{factory}: --scores is {declared}, but the outputs for the first image go from "
            f"{float(scores.min()):.3g} to {float(scores.max()):.3g}; allowed: {', '.join(SCORES)}"
        )
    conversion = kind if kind in ("probabilities", "sigmoid") else ""
    if step == kind:
        conversion = "" if outputs.remove_last_module(model, example, place) else outputs.LAST_STEP
    several_right = kind in ("sigmoid", MULTI_LABEL_LOGITS) or scores.shape[-1] == 1
    link = "sigmoid" if several_right else "softmax"
    same_shape = scores.shape == outputs.pick(returned, place).shape and scores.shape[-1] > 1
    if place is None and not conversion and link == "softmax" and same_shape:
        return model, kind
    width = None if same_shape else scores.shape[-1]
    return outputs.Outputs(model, place, conversion, link, width).eval(), kind


def _last_step(model: nn.Module, example: Tensor, place: int | str | None) -> str | None:
    """The kind of outputs, of spec.SCORES, by the last softmax or sigmoid; None without one."""
    steps = outputs.LastSteps()
    try:
        with torch.inference_mode(), steps:
            name = steps.name_of(outputs.pick(model(example), place))
    except Exception:  # a compiled network may not run under a mode
        return None
    return outputs.LAST_STEPS.get(name or "")


def _kind_by_value(scores: Tensor) -> str | None:
    """The kind that the values of one image's scores (1, classes) imply; None if ambiguous."""
    values = scores.double()
    tolerance = max(1e-4, 8 * torch.finfo(scores.dtype).eps)
    if scores.shape[-1] > 1 and (values >= 0).all() and abs(float(values.sum()) - 1) < tolerance:
        return "probabilities"
    if scores.shape[-1] > 1 and (values <= 0).all() and abs(float(values.exp().sum()) - 1) < tolerance:
        return "log-softmax"
    return None if ((values >= 0) & (values <= 1)).all() else "logits"


def _kind_of_several(factory: str, model: nn.Module, images: Tensor, place: int | str | None) -> str:
    """The kind of scores between 0 and 1, by more images: logits if any is outside."""
    with torch.inference_mode():
        several = [outputs.pick(model(image[None]), place) for image in images[:IMAGES]]
    values = torch.cat([outputs.as_rows(scores, 1) for scores in several])
    if not ((values >= 0) & (values <= 1)).all() or not is_callable_only(model):
        return "logits"
    raise ValueError(
        f"{factory}: all outputs for the first images lie between 0 and 1; say what they are with "
        "--scores sigmoid or --scores logits"
    )


def _can_be(kind: str, scores: Tensor) -> bool:
    values = scores.double()
    if kind in ("probabilities", "sigmoid"):
        return bool(((values >= 0) & (values <= 1)).all())
    return kind != "log-softmax" or bool((values <= 0).all())


def _check_logits(factory: str, logits: Tensor, classes: tuple[str, ...]) -> None:
    if not torch.isfinite(logits).all():
        raise ValueError(f"{factory}: returns scores that are not finite for the first image")
    count, numbered = logits.shape[1], classes == tuple(map(str, range(len(classes))))
    if count < len(classes) or (count > len(classes) and not numbered):
        raise ValueError(
            f"{factory}: has {count:,} outputs, but the data have {len(classes):,} classes; "
            "name the classes of all outputs in their order, one a line, in a file classes.txt in the data's "
            "folder"
        )


# What it depends on


def _refuse_randomness(factory: str, model: nn.Module, example: Tensor, logits: Tensor) -> None:
    with torch.inference_mode():
        runs = [model(example) for _ in range(REPEATS)]
    if not all(execution.is_close(logits, again, REPRODUCED) for again in runs):
        largest = max(float((logits - again).abs().max()) for again in runs)
        raise ValueError(
            f"{factory}: gives different scores for one image each time (they differ by "
            f"{largest:.2g}), so it draws random numbers at test time; "
            "let it do so only in training, as in dropout(..., training=self.training)"
        )


def _separated(factory: str, model: nn.Module, images: Tensor, logits: Tensor) -> nn.Module:
    """The model, given one image at a time where its scores of an image depend on the batch."""
    try:
        with torch.inference_mode():
            together = model(_pair(images))
    except Exception:  # a network for one image only
        together = logits
    if len(together) == 2 and execution.is_close(logits, together[:1], BATCHED):
        return model
    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, _BatchNorm) and module.running_mean is None
    ]
    why = f" ({', '.join(names[:3])}: batch normalisation without running statistics)" if names else ""
    what = "depend on the other images of a batch" if len(together) == 2 else "can only be asked one by one"
    _logger.warning("%s: its scores %s%s, so images go through it one at a time", factory, what, why)
    return outputs.OneByOne(model).eval()


def _pair(images: Tensor) -> Tensor:
    """Two different images (2, C, H, W): the first, and another or the first upside down."""
    return images[:2] if len(images) > 1 else torch.cat([images, images.flip(2)])


def _what_is_lacking(model: nn.Module, example: Tensor) -> dict[str, str]:
    """The features that methods may need and the classifier lacks, with the reason."""
    lacks = {}
    if is_callable_only(model):
        reason = "its layers cannot be looked into"
        lacks = {"modules": reason, "layer": reason, "rules": reason}
    with torch.enable_grad():
        image = example.detach().clone().requires_grad_()
        try:
            differentiable = model(image).requires_grad
        except Exception:  # such as NumPy's refusal of tensors that require a gradient
            differentiable = False
    return lacks if differentiable else lacks | {"gradients": "its outputs have no gradient"}


def _digest(model: nn.Module, images: Tensor) -> str:
    """A substitute for the digest of weights that cannot be read: that of the model's outputs."""
    with torch.inference_mode():
        return digest({"outputs": model(images[:IMAGES]), **model.state_dict()})


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
