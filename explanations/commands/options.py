"""Options that several commands share, and what they say."""

import argparse
from pathlib import Path

from explanations.building.plan import EVERY, Plan
from explanations.datasets.preprocessing import parse_preprocessing
from explanations.manifest.records import PREPROCESSING_KEYS, Manifest
from explanations.methods import names, registry
from explanations.models import execution, weights
from explanations.models.spec import OWN, PAPER_FACTORY, PAPER_WEIGHTS, SCORES, ModelSpec
from explanations.running.parameters import parse_settings
from explanations.running.scheduling import Scheduling


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Add the options of what to build."""
    parser.add_argument(
        "--methods",
        nargs="+",
        metavar="METHOD",
        help=f"of {', '.join(registry.METHODS)}; or local:aggregation; or a function of your own, "
        "./file.py:function or package.module:function; +aggregation, @class (asked about that class) and "
        "=TITLE may follow; "
        f"default: {' '.join(registry.DEFAULT)}; for images of more than 64 x 64 pixels "
        f"{' '.join(registry.DEFAULT_LARGE)}; for single ones {' '.join(registry.DEFAULT_LARGE_SINGLE)}",
    )
    parser.add_argument("--classes", nargs="+", metavar="CLASS", help="default: all classes of the data set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--images", type=int, help="images that a map aggregates, for every method")
    parser.add_argument("--samples", type=int, help="perturbed copies of an image, for every method")
    parser.add_argument(
        "--set",
        action="append",
        metavar="NAME=VALUE",
        help="one parameter, as in lime.samples=5000; see methods",
    )


def add_layer(parser: argparse.ArgumentParser) -> None:
    """Add the options of the layer that is explained."""
    parser.add_argument(
        "--layer",
        default="",
        metavar="NAME",
        help="explain the units of this layer of a torch.nn.Sequential in place of pixels",
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the options of the data."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="folder of IDX files, folder of a folder of pictures a class, or .npz file (default: MNIST)",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the options of the device."""
    parser.add_argument("--device", choices=execution.DEVICES, help="default: cuda where there is one")


def add_scheduling(
    parser: argparse.ArgumentParser, workers: int = 1, more_names: tuple[str, ...] = ()
) -> None:
    """Add the options of what shares the work; `more_names` are older names of --workers."""
    parser.add_argument(
        "--workers",
        type=int,
        default=workers,
        metavar="N",
        help=f"processes that share the work (default: {workers})",
    )
    for name in more_names:
        parser.add_argument(name, dest="workers", type=int, default=workers, help=argparse.SUPPRESS)
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a Dask scheduler that distributes the work, as in tcp://host:8786",
    )


def read_scheduling(options: argparse.Namespace) -> Scheduling:
    """Read the scheduling of the work from the options. Raises ValueError."""
    return Scheduling(options.workers, options.scheduler, options.device)


def add_classifier(parser: argparse.ArgumentParser) -> None:
    """Add the options of the classifier and its data."""
    parser.add_argument(
        "--model",
        default=PAPER_FACTORY,
        metavar="FACTORY",
        help="package.module:factory, perhaps with arguments; timm:NAME, hf:NAME-OR-FOLDER, onnx:FILE",
    )
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help=f"safetensors file; {OWN}: those that the factory loads; or torchvision's, as in DEFAULT",
    )
    parser.add_argument(
        "--outputs", metavar="KEY", help="key or number of the output to explain, where the model has several"
    )
    parser.add_argument("--scores", choices=SCORES, help="what that output holds (default: detected)")
    add_data(parser)
    words = ", ".join(PREPROCESSING_KEYS)
    parser.add_argument(
        "--preprocessing",
        nargs="+",
        metavar="KEY=VALUE",
        help=f"{words}, as the model wants them; or a JSON file of these or of timm's keys",
    )


def read_plan(options: argparse.Namespace) -> Plan:
    """Read the plan of a build from the options. Raises ValueError."""
    return Plan(
        methods=tuple(options.methods) if options.methods else None,
        classes=tuple(options.classes) if options.classes else None,
        replicates=_replicates(options),
        seed=options.seed,
        parameters=_parameters(options),
        model=read_model(options),
        data=options.data,
        name=options.name,
        minimum_support=options.minimum_support,
        each_image=options.each_image,
        layer=options.layer,
    )


def _replicates(options: argparse.Namespace) -> int:
    if options.replicates is None:
        return 2 if options.each_image is None else 1
    return int(options.replicates)


def _parameters(options: argparse.Namespace) -> dict[str, registry.Parameters]:
    """The changes of --images, --samples and --set, by local function."""
    chosen = names.choose_methods(options.methods or list(registry.ALL_DEFAULTS))
    defaults = {method.local.slug: method.local.defaults for method in chosen}
    every = {key: getattr(options, key) for key in ("images", "samples")}
    changes = parse_settings(options.set or [], defaults, lambda name: names.local_among(name, defaults))
    every = {key: value for key, value in every.items() if value is not None}
    return ({EVERY: every} if every else {}) | changes


def read_model_of_set(options: argparse.Namespace, described: Manifest) -> ModelSpec | None:
    """Where the classifier of a set comes from; None if the options do not name it.

    The paper's network and MNIST need not be named. Raises ValueError.
    """
    spec = read_model(options)
    paper = (PAPER_FACTORY, weights.sha256(PAPER_WEIGHTS))
    is_paper = (described.classifier.factory, described.classifier.weights_sha256) == paper
    is_named = options.data is not None or spec != ModelSpec()
    return spec if is_named or (is_paper and described.dataset.name == "MNIST") else None


def read_model(options: argparse.Namespace) -> ModelSpec:
    """Where the classifier comes from, by the options. Raises ValueError."""
    return ModelSpec(
        factory=options.model,
        weights=options.weights,
        preprocessing=parse_preprocessing(options.preprocessing) if options.preprocessing else None,
        outputs=options.outputs,
        scores=options.scores,
    )
