"""Plans of builds, and what a plan needs: data, classifier, samples and tasks."""

import inspect
import platform
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from explanations.building import predictions, single_images
from explanations.building.tasks import Address, Task, make_shards, versions
from explanations.datasets.labelled_images import LabelledImages
from explanations.datasets.sampling import parts
from explanations.manifest.records import FORMAT, Classifier, Dataset, LeftOut, Manifest, Method
from explanations.methods.import_paths import Function, shorten
from explanations.methods.names import choose_methods
from explanations.methods.registry import ExplanationMethod, Local, Parameters, Sample, default_methods
from explanations.models import classifiers, layer_units, loading
from explanations.models.classifiers import LoadedModel
from explanations.models.spec import ModelSpec
from explanations.rendering import Rendering
from explanations.running.code_version import code_version, network_version
from explanations.running.parameters import apply_changes, refuse_unknown

CHECK = "class-mean"
CHECK_TITLE = "Class mean"
CHECK_REFERENCE = "Mean of a part of the images of the class; no explanation, for attention checks only"
LEFT_OUT = "left out by --leave-out"
MOST_NAMED = 20  # labels in a message

EVERY = "*"


@dataclass(frozen=True)
class Plan:
    """A set to build. `parameters` overrides defaults, by local function: {"lime": {...}}.

    The parameters under EVERY apply to each local function that has one of that name.
    """

    methods: tuple[str | Function, ...] | None = None  # None: those of registry.default_methods
    classes: tuple[str, ...] | None = None  # None: all of the data set
    replicates: int = 2
    seed: int = 0
    parameters: dict[str, Parameters] = field(default_factory=dict)
    model: ModelSpec = field(default_factory=ModelSpec)
    data: Path | None = None  # a folder of IDX files or of pictures, or an .npz file; None: the bundled MNIST
    name: str | None = None  # None: the name of the data set
    layer: str = ""  # explain the units of this layer of the classifier in place of pixels
    minimum_support: int = 1  # images that must have chosen a pixel for it to count in a map
    each_image: int | None = None  # number of explained images of each class; None: explain classes
    for_top: int = 1  # number of likeliest classes for which each single image is explained
    leave_out: tuple[str, ...] = ()  # labels of classes or images that no method explains
    rendering: Rendering = field(default_factory=Rendering)  # of all maps of the set


@dataclass(frozen=True)
class Inputs:
    """A plan with its data and classifier: everything that its maps depend on.

    `parameters` are complete, by local function; `predicted_classes` (N,) are those that the model assigns
    the test images to; `draft` is the manifest before there are maps.
    """

    plan: Plan
    methods: list[ExplanationMethod]
    parameters: dict[str, Parameters]
    model: nn.Module
    test: LabelledImages
    training: LabelledImages
    predicted_classes: Tensor
    draft: Manifest
    singles: tuple[single_images.SingleImage, ...] = ()  # where single images are explained

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that have maps: classes, or single images."""
        return self.draft.dataset.classes

    @cached_property
    def locals(self) -> dict[str, Local]:
        """The local methods by slug."""
        return {method.local.slug: method.local for method in self.methods}

    def samples(self, slug: str) -> list[Sample]:
        """The images of every class and replicate that this local function explains."""
        parameters = self.parameters[slug]
        training = self.training.images
        background = self.locals[slug].choose_background(parameters, training, self.plan.seed)
        return [
            replace(_first(sample, parameters["images"]), background=background)
            for sample in self._all_samples
        ]

    @cached_property
    def _all_samples(self) -> list[Sample]:
        if self.singles:
            return single_images.samples(list(self.singles), self.test, self.plan.seed)
        return _samples(self.plan, self.predicted_classes, self.test, self.classes, self.parameters)

    def tasks(self) -> list[Task]:
        """All tasks, those of one function sorted by replicate and shard, which share perturbations."""
        return [
            task
            for slug, parameters in self.parameters.items()
            for task in sorted(
                (
                    task
                    for sample in self.samples(slug)
                    for task in make_shards(self.locals[slug], parameters, sample, self._address())
                ),
                key=lambda task: (task.sample.replicate, task.shard, task.sample.target),
            )
        ]

    @cached_property
    def _network_version(self) -> str:
        return network_version(self.model)

    def _address(self) -> Address:
        return {
            "dataset": self.draft.dataset.sha256,
            "factory": self.draft.classifier.factory,
            "weights": self.draft.classifier.weights_sha256,
            "network": self._network_version,
            "preprocessing": self.draft.classifier.preprocessing,
            "outputs": [self.draft.classifier.outputs, self.draft.classifier.scores],
            "versions": self.draft.versions,
        }


def load(plan: Plan, device: str = "cpu") -> Inputs:
    """Load the data and the classifier of a plan, to run on `device`.

    Raises ValueError with one line for anything that a user can correct.
    """
    _check(plan)
    classifier, test = loading.load(plan.model, plan.data)
    model = classifier.model
    training = loading.load_images(classifier, plan.data, "train")
    if plan.layer:
        model, training, test = layer_units.cut(model, plan.layer, training, test)
    height, width = test.images.shape[2:]
    plan = replace(
        plan, methods=plan.methods or default_methods((height, width), plan.each_image is not None)
    )
    methods = choose_methods(list(plan.methods or ()))
    parameters = _fit_methods(plan, methods, classifier, training)
    predicted_classes = classifiers.predict(model, test.images)
    labels = _classes(plan, test)
    singles = _singles(plan, model, test, labels)
    labels = tuple(single.record.label for single in singles) or labels
    items = _leave_out(plan, labels)
    singles = tuple(single for single in singles if single.record.label in items)
    classifier = replace(classifier, model=model)
    draft = replace(
        _draft(plan, classifier, predicted_classes, test, items, methods, parameters, device),
        originals=tuple(single.record for single in singles),
        left_out=tuple(LeftOut(label, None, LEFT_OUT) for label in labels if label not in items),
    )
    return Inputs(plan, methods, parameters, model, test, training, predicted_classes, draft, singles)


def _check(plan: Plan) -> None:
    """Raise ValueError for a plan that no model or data could fit."""
    if plan.methods is not None and not choose_methods(list(plan.methods)):
        raise ValueError("a set has at least one method; name some with --methods")
    if plan.replicates < 1:
        raise ValueError(f"--replicates must be at least 1 (got {plan.replicates})")
    if plan.seed < 0:
        raise ValueError(f"--seed must be at least 0 (got {plan.seed})")
    if plan.each_image is not None and plan.replicates != 1:
        raise ValueError(
            f"--replicates must be 1 with --each-image, because an image has one map by each method "
            f"(got {plan.replicates})"
        )
    if plan.each_image is None and plan.for_top != 1:
        raise ValueError("--for-top explains single images; add --each-image")
    if plan.each_image is None and plan.rendering.is_on_images:
        raise ValueError(
            f"the style {plan.rendering.style} shows the image that a map explains, and a class has "
            "none; add --each-image, or choose the style heat or signed"
        )
    if plan.minimum_support < 1:
        raise ValueError(f"--minimum-support must be at least 1 image (got {plan.minimum_support})")
    if plan.layer and plan.each_image is not None:
        raise ValueError("units of a layer are explained for classes; leave out --layer or --each-image")


def _fit_methods(
    plan: Plan, methods: list[ExplanationMethod], classifier: LoadedModel, training: LabelledImages
) -> dict[str, Parameters]:
    """The whole parameters of each local method, by slug.

    Raises ValueError for a method that the model or the size of its images does not suit.
    """
    for method in methods:
        method.local.refuse_unfit(plan.model.factory, classifier.lacks)
    parameters = {
        method.local.slug: method.local.fit_background(_parameters(plan, method.local), len(training.images))
        for method in methods
    }
    refuse_unknown(set(plan.parameters) - {EVERY}, parameters)
    height, width = training.images.shape[2:]
    for method in methods:
        method.local.check_size(parameters[method.local.slug], height, width)
    return parameters


def _singles(
    plan: Plan, model: nn.Module, test: LabelledImages, labels: tuple[str, ...]
) -> tuple[single_images.SingleImage, ...]:
    """The single images that are explained; none where classes are."""
    if plan.each_image is None:
        return ()
    return tuple(single_images.choose(model, test, labels, plan.each_image, plan.for_top, plan.seed))


def _classes(plan: Plan, data: LabelledImages) -> tuple[str, ...]:
    for label in plan.classes or ():
        if label not in data.classes:
            raise ValueError(f"{data.name} has no class {label!r}; allowed: {', '.join(data.classes)}")
    return tuple(label for label in data.classes if label in (plan.classes or data.present))


def _leave_out(plan: Plan, labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels that are explained. Raises ValueError for a label to leave out that does not exist."""
    for label in plan.leave_out:
        if label not in labels:
            some = ", ".join(labels[:MOST_NAMED]) + (", …" if len(labels) > MOST_NAMED else "")
            raise ValueError(f"--leave-out has no item {label!r} to leave out; allowed: {some}")
    items = tuple(label for label in labels if label not in plan.leave_out)
    if not items:
        raise ValueError("--leave-out leaves no item to explain; name fewer")
    return items


def _parameters(plan: Plan, local: Local) -> Parameters:
    """The defaults of a local function with what the plan changes. Raises ValueError."""
    single = {} if plan.each_image is None else {"images": 1}
    every = {key: value for key, value in plan.parameters.get(EVERY, {}).items() if key in local.defaults}
    return apply_changes(local.slug, local.defaults, every | plan.parameters.get(local.slug, {}) | single)


def _draft(
    plan: Plan,
    classifier: LoadedModel,
    predicted_classes: Tensor,
    test: LabelledImages,
    classes: tuple[str, ...],
    methods: list[ExplanationMethod],
    parameters: dict[str, Parameters],
    device: str,
) -> Manifest:
    """The manifest before there are maps: everything that is known in advance."""
    return Manifest(
        format=FORMAT,
        name=plan.name or test.name,
        seed=plan.seed,
        dataset=Dataset(test.name, test.split, test.sha256, classes),
        classifier=Classifier(
            plan.model.factory,
            classifier.weights_sha256,
            int((predicted_classes == test.labels).sum()) / len(test.labels),
            classifier.preprocessing.record() | layer_units.record(classifier.model),
            title=classifier.title or None,
            outputs=classifier.outputs or None,
            scores=classifier.scores,
        ),
        rendering=plan.rendering.record(),
        versions={"python": platform.python_version()} | versions() | _device_version(device),
        methods=(
            *(
                _record(m, parameters[m.local.slug], len(classes) * plan.replicates, plan.minimum_support)
                for m in methods
            ),
            _check_record(plan, test),
        ),
        maps=(),
        confusion=predictions.confuse(predicted_classes, test.labels, test.classes),
    )


def _check_record(plan: Plan, test: LabelledImages) -> Method:
    """The record of attention checks: the mean of a class, or the edges of a single image."""
    if plan.each_image is None:
        parameters = {"split": "all" if test.split == "all" else "train"}
        return Method(CHECK, CHECK_TITLE, CHECK_REFERENCE, "check", False, parameters, 0, 0)
    title, reference = single_images.CHECK_TITLE, single_images.CHECK_REFERENCE
    return Method(single_images.CHECK, title, reference, "check", False, {}, 0, 0)


def _device_version(device: str) -> dict[str, str]:
    """The CUDA version, because maps from a CUDA device differ in their last digits."""
    return {"cuda": str(torch.version.cuda)} if device == "cuda" else {}


def _record(method: ExplanationMethod, parameters: Parameters, maps: int, minimum_support: int) -> Method:
    local = method.local
    passes = None if local.is_own else maps * local.passes(parameters)
    own = {}
    if local.is_own:
        code = code_version(inspect.unwrap(local.explain))
        own = {"import_path": shorten(local.address), "code": code}
    return Method(
        slug=method.slug,
        title=method.title,
        reference=method.reference,
        purpose="comparison",
        signed=method.signed,
        parameters={
            "aggregation": method.aggregate.__name__,
            "minimum_support": minimum_support,
            **parameters,
            **own,
        },
        forward_passes=passes,
        backward_passes=passes if local.backward or local.is_own else 0,
    )


def _samples(
    plan: Plan,
    predicted_classes: Tensor,
    data: LabelledImages,
    classes: tuple[str, ...],
    parameters: dict[str, Parameters],
) -> list[Sample]:
    """Disjoint images for each class and replicate, of those that the model assigns to the class."""
    kind = "" if data.split == "all" else f"{data.split} "
    count = max(known["images"] for known in parameters.values())
    samples = []
    for label in classes:
        target = data.classes.index(label)
        numbers = torch.nonzero(predicted_classes == target).flatten().numpy()
        if len(numbers) < count * plan.replicates:
            can = len(numbers) // plan.replicates
            remedy = f"ask for {can} or fewer with --images" if can else "leave the class out with --classes"
            raise ValueError(
                f"the model assigns {len(numbers)} {kind}images to class {label!r}, "
                f"but {plan.replicates} replicates of {count} take {count * plan.replicates}; {remedy}"
            )
        for replicate, part in enumerate(parts(numbers, plan.seed, label, plan.replicates, count), start=1):
            samples.append(
                Sample(
                    plan.seed, label, target, replicate, tuple(part.tolist()), data.images[part], data.classes
                )
            )
    # all of one replicate together, because they share a bank of perturbations
    return sorted(samples, key=lambda sample: (sample.replicate, sample.target))


def _first(sample: Sample, count: int) -> Sample:
    return replace(sample, numbers=sample.numbers[:count], images=sample.images[:count])
