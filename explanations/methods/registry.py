"""The registry of explanation methods: a new method is one function and one entry in METHODS.

Methods with the same local method and parameters share its results, which are computed once. `names` has the
names that people may use, and combinations; `own_methods` takes methods from elsewhere.
"""

from collections.abc import Callable, Sequence

from explanations.attribution import baselines, validity
from explanations.attribution.gradient import cam, derivatives, noisy_gradients, paths
from explanations.attribution.gradient.noise import under_noise
from explanations.attribution.gradient.xrai import xrai
from explanations.attribution.local import (
    Floats,
    Local,
    Parameters,
    Sample,
    explain_each,
    one_pass,
    samples_each,
)
from explanations.attribution.perturbation import occlusion, shapley, shared_lime, superpixel_lime, units
from explanations.attribution.propagation import relevance, rescale
from explanations.methods.aggregation import AGGREGATIONS
from explanations.methods.explanation_method import ExplanationMethod
from explanations.running.parameters import TextOrNumber

__all__ = ["DEFAULT", "LOCALS", "METHODS", "ExplanationMethod", "Local", "Parameters", "Sample"]


def _on_average(local: Local) -> ExplanationMethod:
    """The entry of a local function whose class map is the mean over images."""
    return ExplanationMethod(local.slug, local.title, local.reference, local, AGGREGATIONS["mean"])


LIME = Local(
    "lime",
    "LIME",
    "Ribeiro et al. 2016, arXiv:1602.04938",
    shared_lime.explain,
    {
        "images": 50,
        "samples": 1500,
        "shared_by": 10,
        "features": 100,
        "perturbation": "masks",
        "kernel_width": 0.25,
        "sigma": 0.3,
        "output": "logit",
        "skip_black": True,
    },
    backward=False,
    needs=("pixels",),
)
_SMILKOV = "Smilkov et al. 2017, arXiv:1706.03825"
# many images with few samples each: at the same cost replicates of different images agree better
_NOISE = {"images": 50, "samples": 20, "sigma": 0.3, "output": "logit"}
SMOOTHGRAD = Local(
    "smoothgrad",
    "SmoothGrad",
    f"SmoothGrad-Squared: {_SMILKOV}; Hooker et al. 2019, arXiv:1806.10758",
    under_noise("smoothgrad", noisy_gradients.smoothgrad_squared),
    _NOISE,
    backward=True,
    signed=False,
    needs=("gradients",),
)
VARGRAD = Local(
    "vargrad",
    "VarGrad",
    "VarGrad: Adebayo et al. 2018, arXiv:1810.03292",
    under_noise("vargrad", noisy_gradients.vargrad),
    _NOISE,
    backward=True,
    signed=False,
    needs=("gradients",),
    zeros="the gradient is the same whatever the noise, as in a linear model",
)


def _one(
    slug: str,
    title: str,
    reference: str,
    explain: Callable[..., Floats],
    defaults: Parameters,
    passes_each: Callable[[Parameters], int] = samples_each,
    backward: bool = True,
    signed: bool = True,
    needs: tuple[str, ...] = (),
    zeros: str = validity.UNCHANGED,
) -> Local:
    """Return a local function that explains one image at a time."""
    whole = {"images": 10, **defaults}
    run = explain_each(slug, explain, passes_each, on_device=backward)
    return Local(slug, title, reference, run, whole, backward, signed, needs, passes_each, zeros)


def _baseline(word: str, background: int) -> Parameters:
    """Return the parameters of a method that compares with baselines; `background` counts in "images"."""
    return {"baseline": TextOrNumber(word), "background": background}


_LOGIT = {"output": "logit"}
_BLACK = _baseline("black", 10)
_PATH = {"steps": 50, **_BLACK, "tolerance": 0.05, **_LOGIT}
_NEVER_POSITIVE = "the layer's activations, weighted by their gradients, are nowhere positive"
_SLIC = {"segmentation": "slic", "segments": 50, "compactness": 10.0}
_QUICKSHIFT = {"kernel_size": 4.0, "max_dist": 200.0, "ratio": 0.2}
_SUPERPIXELS = {
    "samples": 1000,
    "features": 10,
    "hiding": "mean",
    "kernel_width": 0.25,
    **_LOGIT,
}
_UNITS = {"samples": 1000, "features": 10, "kernel_width": 0.25, "layer": "", **_LOGIT}
_SELVARAJU = "Selvaraju et al. 2017, arXiv:1610.02391"
_RIBEIRO = "Ribeiro et al. 2016, arXiv:1602.04938"
_LUNDBERG = "Lundberg and Lee 2017, arXiv:1705.07874"

LIME_SLIC = _one(
    "lime-slic",
    "LIME on superpixels (SLIC)",
    f"{_RIBEIRO}; superpixels by SLIC: Achanta et al. 2012, doi:10.1109/TPAMI.2012.120",
    superpixel_lime.lime_superpixels,
    {**_SUPERPIXELS, **_SLIC},
    backward=False,
)
LIME_UNITS = _one(
    "lime-units",
    "LIME on a layer's units",
    f"{_RIBEIRO}; on units, where they are active: Ahern et al. 2019, arXiv:1909.04200, section 3",
    units.lime_units,
    _UNITS,
    passes_each=lambda parameters: parameters["samples"] + 1,
    backward=False,
    needs=("layer",),
)

# Local functions whose entry is their mean over the images of a class.
_AVERAGED = (
    SMOOTHGRAD,
    VARGRAD,
    _one(
        "gradient",
        "Gradient",
        "Simonyan et al. 2013, arXiv:1312.6034, section 3",
        derivatives.gradient,
        _LOGIT,
        passes_each=one_pass,
        signed=False,
        needs=("gradients",),
    ),
    _one(
        "input-x-gradient",
        "Input × gradient",
        "Shrikumar et al. 2016, arXiv:1605.01713",
        derivatives.input_x_gradient,
        _LOGIT,
        passes_each=one_pass,
        needs=("gradients",),
    ),
    _one(
        "smoothgrad-signed",
        "SmoothGrad, signed",
        f"The mean gradient under noise: {_SMILKOV}, section 3",
        derivatives.smoothgrad,
        {"samples": 100, "sigma": 0.3, **_LOGIT},
        needs=("gradients",),
    ),
    _one(
        "integrated-gradients",
        "Integrated Gradients",
        "Sundararajan et al. 2017, arXiv:1703.01365",
        paths.integrated_gradients,
        _PATH,
        passes_each=lambda parameters: int(parameters["steps"]) * baselines.count_baselines(parameters),
        needs=("gradients",),
    ),
    _one(
        "smooth-integrated-gradients",
        "Smooth Integrated Gradients",
        f"Sundararajan et al. 2017, arXiv:1703.01365; under noise: {_SMILKOV}",
        paths.smooth_integrated_gradients,
        {"samples": 20, "sigma": 0.1, **_PATH},
        passes_each=lambda parameters: (
            int(parameters["steps"] * parameters["samples"]) * baselines.count_baselines(parameters)
        ),
        needs=("gradients",),
    ),
    _one(
        "guided-backprop",
        "Guided Backprop",
        "Springenberg et al. 2014, arXiv:1412.6806",
        derivatives.guided_backprop,
        {},
        passes_each=one_pass,
        needs=("gradients", "modules"),
        zeros="no positive gradient comes back to the image through active units",
    ),
    _one(
        "grad-cam",
        "Grad-CAM",
        _SELVARAJU,
        cam.grad_cam,
        {"layer": "", **_LOGIT},
        passes_each=one_pass,
        signed=False,
        needs=("gradients", "layer"),
        zeros=_NEVER_POSITIVE,
    ),
    _one(
        "guided-grad-cam",
        "Guided Grad-CAM",
        _SELVARAJU,
        cam.guided_grad_cam,
        {"layer": "", **_LOGIT},
        passes_each=lambda parameters: 2,
        needs=("gradients", "modules", "layer"),
        zeros=f"guided backpropagation brings nothing back where Grad-CAM is positive, or {_NEVER_POSITIVE}",
    ),
    _one(
        "deeplift",
        "DeepLIFT",
        "Rescale rule: Shrikumar et al. 2017, arXiv:1704.02685",
        rescale.deeplift,
        _BLACK,
        passes_each=lambda parameters: 2 * baselines.count_baselines(parameters),
        needs=("gradients", "modules"),
    ),
    _one(
        "deepshap",
        "DeepSHAP",
        f"DeepExplainer: {_LUNDBERG}",
        rescale.deeplift,
        _baseline("images", 50),
        passes_each=lambda parameters: 2 * baselines.count_baselines(parameters),
        needs=("gradients", "modules", "background"),
    ),
    _one(
        "gradientshap",
        "GradientSHAP",
        f"GradientExplainer: {_LUNDBERG}; expected gradients: Erion et al. 2019, arXiv:1906.10670",
        paths.gradientshap,
        {"samples": 100, "sigma": 0.1, "layer": "", **_baseline("images", 50), **_LOGIT},
        passes_each=lambda parameters: int(parameters["samples"]) * (3 if parameters["layer"] else 1),
        needs=("gradients", "background"),
    ),
    _one(
        "kernelshap",
        "KernelSHAP",
        f"{_LUNDBERG}, section 4.1",
        shapley.kernelshap,
        {"samples": 1000, "hiding": "black", **_SLIC, **_QUICKSHIFT, **_LOGIT},
        passes_each=lambda parameters: int(parameters["samples"]) + 2,
        backward=False,
    ),
    LIME_SLIC,
    _one(
        "lime-quickshift",
        "LIME on superpixels (Quickshift)",
        f"{_RIBEIRO}; superpixels by Quickshift: Vedaldi and Soatto 2008, doi:10.1007/978-3-540-88693-8_52",
        superpixel_lime.lime_superpixels,
        {**_SUPERPIXELS, "segmentation": "quickshift", **_QUICKSHIFT},
        backward=False,
    ),
    LIME_UNITS,
    _one(
        "rise",
        "RISE",
        "Petsiuk et al. 2018, arXiv:1806.07421",
        occlusion.rise,
        {"samples": 1000, "cells": 7, "shown": 0.5, "output": "probability"},
        backward=False,
    ),
    _one(
        "occlusion",
        "Occlusion",
        "Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2",
        occlusion.occlusion,
        {"window": 0.25, "positions": 12, **_BLACK, **_LOGIT},
        passes_each=lambda parameters: (
            (int(parameters["positions"]) ** 2 + 1) * baselines.count_baselines(parameters)
        ),
        backward=False,
    ),
    _one(
        "xrai",
        "XRAI",
        "Kapishnikov et al. 2019, arXiv:1906.02825",
        xrai,
        {"images": 5, "algorithm": "full", **_PATH, **_baseline("black+white", 10)},
        passes_each=lambda parameters: int(parameters["steps"]) * baselines.count_baselines(parameters),
        needs=("gradients",),
    ),
    _one(
        "lrp",
        "LRP",
        "Bach et al. 2015, doi:10.1371/journal.pone.0130140; "
        "gamma and epsilon rules: Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10",
        relevance.lrp,
        {"gamma": 0.25, "epsilon": 1e-6, "zero_biases": False},
        passes_each=lambda parameters: 2,
        needs=("gradients", "modules", "rules"),
    ),
    _one(
        "deep-taylor",
        "Deep Taylor",
        "Decomposition: Montavon et al. 2017, arXiv:1512.02479",
        relevance.deep_taylor,
        {},
        passes_each=lambda parameters: 2,
        signed=False,
        needs=("gradients", "modules", "rules"),
        zeros="the logit is not positive, and Deep Taylor decomposes positive logits only; try lrp",
    ),
    _one(
        "random",
        "Random",
        "Uniform noise: what any explanation must beat",
        derivatives.uniform_noise,
        {"images": 1},
        passes_each=lambda parameters: 0,
        backward=False,
        signed=False,
    ),
)
LOCALS = {local.slug: local for local in (LIME, *_AVERAGED)}


def _entry_of(slug: str, title: str, local: Local, aggregation: str) -> ExplanationMethod:
    way = AGGREGATIONS[aggregation]
    reference = way.reference if local is LIME else f"{local.reference}; {way.reference}"
    return ExplanationMethod(slug, title, reference, local, way)


METHODS = {
    method.slug: method
    for method in (
        _entry_of("normlime", "NormLIME", LIME, "normlime"),
        _entry_of("lime", "LIME", LIME, "sp-lime"),
        *(_on_average(local) for local in _AVERAGED),
        _entry_of("sp-lime-pick", "SP-LIME's picks", LIME, "sp-lime-pick"),
        _entry_of("normlime-global", "Global NormLIME", LIME, "normlime-global"),
        _entry_of("normlime-superpixels", "NormLIME on superpixels", LIME_SLIC, "normlime"),
        _entry_of("normlime-units", "NormLIME on a layer's units", LIME_UNITS, "normlime"),
    )
}

# Built by default: the four methods of the reference study, which explain pixels, or on
# larger images their counterparts on superpixels. NormLIME of a single image is LIME with another contrast:
# KernelSHAP takes its place.
DEFAULT = ("normlime", "lime", "smoothgrad", "vargrad")
DEFAULT_LARGE = ("normlime-superpixels", "lime-slic", "smoothgrad", "vargrad")
DEFAULT_LARGE_SINGLE = ("lime-slic", "kernelshap", "smoothgrad", "vargrad")
ALL_DEFAULTS = {*DEFAULT, *DEFAULT_LARGE, *DEFAULT_LARGE_SINGLE}
LARGE = 64 * 64  # pixels; larger images get the methods on superpixels


def default_methods(shape: Sequence[int], single_images: bool = False) -> tuple[str, ...]:
    """The slugs of the methods that explain images of `shape` (..., H, W) unless others are named.

    `single_images`: whether each image has maps of its own.
    """
    height, width = shape[-2:]
    if height * width <= LARGE:
        return DEFAULT
    return DEFAULT_LARGE_SINGLE if single_images else DEFAULT_LARGE
