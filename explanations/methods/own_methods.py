"""Users' own methods as local methods: a function `explain(model, inputs, targets, **parameters)`.

It has the signature of Quantus' `explain_func`: images (N, C, H, W) and class indices (N,) in, weights
(N, H, W) or (N, C, H, W) out, as a tensor or an array. The weights of an image's channels are summed.

The function is called with one image at a time, N = 1, so that no image depends on the others, and with the
generators of PyTorch, NumPy and `random` seeded by the image: the same seed gives the same maps. A class of
Captum, such as `captum.attr:Saliency`, is called by its `attribute`.
"""

import inspect
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import Attribution
from torch import Tensor, nn

from explanations.attribution.local import Advance, Explain, Floats, Local, Parameters, Sample, one_pass
from explanations.methods import import_paths
from explanations.models import execution
from explanations.running.code_version import code_version
from explanations.running.randomness import torch_seed

SIGNATURE = "explain(model, inputs, targets, **parameters)"
RESERVED = "images"  # the parameter that every method has: how many images a map aggregates
IMAGES = 10
SIMPLE = (bool, int, float, str)  # kinds of parameters that --set can change
NOT_EXPLAINING = {"return_convergence_delta", "show_progress"}  # of Captum's attribute()

_generators = threading.Lock()  # the generators belong to the whole process


def make_local(address: str, function: Callable[..., Any]) -> Local:
    """The local method of the function or Captum class at an import path. Raises ValueError."""
    name = import_paths.shorten(address)
    code: Callable[..., Any] = function
    if not inspect.isclass(function):
        call, defaults = function, _defaults(name, function)
    elif issubclass(function, Attribution):
        call, code = _captum_call(function), function.attribute  # type: ignore[attr-defined]
        defaults = _captum_defaults(name, function)
    else:
        raise ValueError(f"{name}: is a class, but not one of Captum's Attribution; wrap it in {SIGNATURE}")
    slug = _slug(address)
    return Local(
        slug=slug,
        title=slug.replace("-", " ").capitalize(),
        reference=f"{name}, code {code_version(code)[:12]}",
        explain=_explain(name, slug, call, code),
        defaults={RESERVED: IMAGES, **defaults},
        backward=False,
        passes_each=one_pass,
        zeros="the function returned zeros",
        origin=address,
    )


def _slug(address: str) -> str:
    """A name in lower-case words: of the file or module, and of the function unless it is `explain`."""
    place, _, name = address.rpartition(":")
    stem = Path(place).stem if import_paths.is_path(place) else place.rpartition(".")[2]
    if place.startswith(import_paths.HERE):
        stem = ""
    elif place.startswith("captum."):
        stem = "captum"
    words = [stem] if name == "explain" and stem else [stem, name]
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", "-".join(filter(None, words)))
    return re.sub("[^a-z0-9]+", "-", spaced.lower()).strip("-") or "own"


def _defaults(name: str, function: Callable[..., object]) -> Parameters:
    """The keyword parameters of a function that --set can change. Raises ValueError for a wrong signature."""
    parameters = list(inspect.signature(function).parameters.values())
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    variable = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    required = [one.name for one in parameters if one.default is one.empty and one.kind not in (2, 4)]
    if (len(positional) < 3 and not variable) or len(required) > 3:
        given = ", ".join(one.name for one in parameters)
        raise ValueError(f"{name}: takes ({given}); expected {SIGNATURE}, where all parameters have defaults")
    first = [one.name for one in positional[:3]]
    keywords = {one.name: one.default for one in parameters if one.name not in first}
    if RESERVED in keywords:
        raise ValueError(
            f"{name}: has a parameter {RESERVED!r}, which is how many images a map aggregates; rename it"
        )
    return {key: value for key, value in keywords.items() if type(value) in SIMPLE}


def _captum_defaults(name: str, attribution: type) -> Parameters:
    """The parameters of a Captum class's `attribute` that --set can change. Raises ValueError."""
    network, *made = inspect.signature(attribution).parameters.values()
    asked = list(inspect.signature(attribution.attribute).parameters.values())[2:]  # type: ignore[attr-defined]
    needed = [one.name for one in (*made, *asked) if one.default is one.empty and one.kind not in (2, 4)]
    if network.name not in ("model", "forward_func"):
        needed.insert(0, network.name)
    if needed:
        raise ValueError(f"{name}: needs {' and '.join(needed)}; wrap it in {SIGNATURE}")
    return {
        one.name: one.default
        for one in asked
        if type(one.default) in SIMPLE and one.name not in NOT_EXPLAINING
    }


def _captum_call(attribution: Any) -> Callable[..., object]:
    def call(model: nn.Module, inputs: Tensor, targets: Tensor, **parameters: Any) -> object:
        return attribution(model).attribute(inputs.requires_grad_(), target=targets, **parameters)

    return call


def _explain(name: str, slug: str, call: Callable[..., object], code: Callable[..., Any]) -> Explain:
    def explained(model: nn.Module, sample: Sample, parameters: Parameters, advance: Advance) -> Floats:
        network, device = execution.place(model), execution.current().device
        settings = {key: value for key, value in parameters.items() if key != RESERVED}
        rows = []
        for image, number in zip(sample.images, sample.numbers, strict=True):
            inputs = image[None].detach().clone().to(device)  # (1, C, H, W)
            targets = torch.tensor([sample.target], device=device)
            with execution.single_threaded(), seeded(sample.seed, slug, sample.label, number):
                rows.append(_weights(name, call, network, inputs, targets, settings))
            advance(1)
        return np.stack(rows)

    explained.__wrapped__ = code  # type: ignore[attr-defined]
    return explained


def _weights(
    name: str,
    call: Callable[..., object],
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    parameters: Parameters,
) -> Floats:
    """The weights (pixels,) of an image by a user's function. Raises ValueError if it is not a map."""
    shape = tuple(inputs.shape)
    try:
        with torch.enable_grad():
            output = call(model, inputs, targets, **parameters)
    except Exception as error:  # whatever a user's code raises
        raise ValueError(f"{name}: failed with {import_paths.describe(error)}") from None
    if model.training:
        model.eval()
        raise ValueError(f"{name}: left the model in training mode; call model.eval() at its end")
    if isinstance(output, Tensor):
        output = output.detach().cpu().numpy()
    if not isinstance(output, np.ndarray) or output.dtype.kind not in "fiub":
        kind = f"a {type(output).__name__}"
        kind = f"an array of {output.dtype}" if isinstance(output, np.ndarray) else kind
        raise ValueError(f"{name}: returned {kind}; expected a tensor or an array of real numbers")
    expected = (1, *shape[2:]), shape, (1, 1, *shape[2:])
    if output.shape not in expected:
        raise ValueError(
            f"{name}: returned shape {output.shape} for inputs of shape {shape}; expected {expected[0]} or "
            f"{expected[1]}, as (N, H, W) or (N, C, H, W)"
        )
    weights = output.astype(np.float64)
    if not np.isfinite(weights).all():
        raise ValueError(f"{name}: returned values that are not finite (NaN or infinite)")
    return np.asarray(weights.reshape(-1, shape[2] * shape[3]).sum(axis=0))  # channels are summed


@contextmanager
def seeded(*address: object) -> Iterator[None]:
    """Inside, the generators of PyTorch, NumPy and `random` are those of an address; then as before."""
    with _generators, torch.random.fork_rng():
        before = random.getstate(), np.random.get_state()
        seed = torch_seed(*address)
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])
