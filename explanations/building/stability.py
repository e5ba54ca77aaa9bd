"""Agreement of two seeds on a class map, and the samples and images that a target needs.

Agreement is the share of the top pixels that two maps have in common, averaged over classes; Spearman's rank
correlation over all pixels is given as well. There are two kinds. "Same images": the same images are
explained twice with different perturbations, so that only chance in the method differs; it grows with the
samples. "Other images": two replicates, or two builds of different seeds, explain different images with
different perturbations; it grows with the samples up to a limit set by the number of images, and then only
with the images. Both are measured at a ladder of samples, the second also at a ladder of images.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil, exp, log, log10

import numpy as np
from scipy.stats import spearmanr

from explanations.attribution.local import Parameters, Sample
from explanations.building.plan import Inputs, Plan, load
from explanations.building.tasks import Floats, make_shards, perform
from explanations.methods.registry import ExplanationMethod
from explanations.models import execution

Step = Callable[[float, float, str], None]

LADDER = (1 / 8, 1 / 4, 1 / 2, 1.0)  # of the plan's samples, and of its images
FURTHEST = 1000  # times the plan's samples or images, beyond which a line through the ladder is meaningless


@dataclass(frozen=True)
class Rung:
    """Agreement of two maps at `amount` samples or images: share of the top pixels, and rank
    correlation."""

    amount: int
    overlap: float
    correlation: float

    def __str__(self) -> str:
        return f"{self.overlap:.1%}   r = {self.correlation:6.3f}"


@dataclass(frozen=True)
class Need:
    """The number of samples or images that a target agreement needs.

    None: no number of them reaches it.

    `how`: "measured" where the first rung already has it, "interpolated" between two rungs, "extrapolated"
    by a line through the ladder's logarithms, or "out of reach".
    """

    amount: int | None
    how: str


@dataclass(frozen=True)
class Ladder:
    """Agreement at growing numbers of samples or images, and how many of them the wanted one takes."""

    rungs: tuple[Rung, ...]
    need: Need

    def describe(self, what: str) -> str:
        """The need in words; `what` is "samples" or "images"."""
        need = self.need
        return need.how if need.amount is None else f"{need.amount:,} {what} ({need.how})"


def _counted(amount: int, what: str) -> str:
    return f"{amount:,} {what}{'' if amount == 1 else 's'}"


@dataclass(frozen=True)
class Stability:
    """The stability of one method, whose maps are of `images` images.

    `same_images` and `other_images` grow by samples, with one rung of 0 where the method takes none;
    `more_images` is of other images at the plan's samples, and grows by images.
    """

    method: str
    images: int
    same_images: Ladder
    other_images: Ladder
    more_images: Ladder

    def lines(self, wanted: float) -> Iterator[str]:
        """A table of both ladders by samples, then that by images."""
        goal = f"for {wanted:.0%}"
        yield f"{self.method}, {self.images} images a map"
        yield f"{'':>18}  {'same images':<30}other images"
        for same, other in zip(self.same_images.rungs, self.other_images.rungs, strict=True):
            amount = _counted(same.amount, "sample") if same.amount else "no samples"
            yield f"{amount:>18}: {same!s:<30}{other}"
        if self.same_images.rungs[-1].amount:
            found = self.same_images.describe("samples"), self.other_images.describe("samples")
            yield f"{goal:>18}: {found[0]:<30}{found[1]}"
        for rung in self.more_images.rungs:
            yield f"{_counted(rung.amount, 'image'):>18}: {'':<30}{rung}"
        yield f"{goal:>18}: {'':<30}{self.more_images.describe('images')}"


@dataclass(frozen=True)
class Report:
    """The stability of all methods, for a wanted share of the `top` pixels."""

    wanted: float
    top: int
    classes: tuple[str, ...]
    rows: tuple[Stability, ...]

    def __str__(self) -> str:
        text = [
            f"Share of the top {self.top} pixels that two maps agree on, and rank correlation r of all; "
            f"mean of {len(self.classes)} classes.",
            "Same images: perturbed by two seeds. Other images: of two replicates, or of two builds with two "
            "seeds.",
        ]
        for row in self.rows:
            text += ["", *row.lines(self.wanted)]
        return "\n".join(text)


def report(
    plan: Plan,
    wanted: float = 0.85,
    top: int = 100,
    device: str | None = None,
    step: Step = lambda done, total, doing: None,
) -> Report:
    """The stability of the plan's methods. `wanted` is a share below 1. Raises ValueError."""
    if not 0 < wanted < 1:
        raise ValueError(f"--agreement must be between 0 and 100 percent (got {wanted:.0%})")
    with execution.run_on(device=device) as settings:
        inputs = load(replace(plan, replicates=2), settings.device)
        pixels = inputs.test.images[0, 0].numel()
        if not 1 <= top < pixels:
            raise ValueError(f"--top must be from 1 to {pixels - 1} of the {pixels} pixels (got {top})")
        rows = _rows(inputs, wanted, top, step)
    return Report(wanted, top, inputs.classes, rows)


def _rows(inputs: Inputs, wanted: float, top: int, step: Step) -> tuple[Stability, ...]:
    weights = dict(_all_weights(inputs, step))
    return tuple(_stability(method, inputs, weights, wanted, top) for method in inputs.methods)


Key = tuple[str, int, int, int]  # local function, samples, seed (0 or 1), replicate
Weights = dict[str, Floats]  # by class

# The comparisons, by seed and replicate: one set of maps with the same images under another seed, and with
# other images.
SUBJECT, OTHER_SEED, OTHER_IMAGES = (0, 1), (1, 1), (0, 2)


def _all_weights(inputs: Inputs, step: Step) -> Iterator[tuple[Key, Weights]]:
    """The local weights of all that is compared: on every rung both seeds, and the other replicate."""
    runs = [
        (slug, samples, seed, replicate)
        for slug in inputs.parameters
        for samples in _samples(inputs, slug)
        for seed, replicate in (SUBJECT, OTHER_SEED, OTHER_IMAGES)
    ]
    costs = [_passes(inputs, slug, samples) for slug, samples, _, _ in runs]
    for number, (slug, samples, seed, replicate) in enumerate(runs):
        doing = f"{slug}, {samples:,} samples, seed {inputs.plan.seed + seed}, replicate {replicate}"
        step(sum(costs[:number]), sum(costs), doing)
        yield (slug, samples, seed, replicate), _weights(inputs, slug, samples, seed, replicate)
    step(sum(costs), sum(costs), "")


def _samples(inputs: Inputs, slug: str) -> list[int]:
    """Numbers of samples, growing; 0 alone for a method that takes none."""
    return _shares(inputs.parameters[slug].get("samples", 0))


def _shares(most: int) -> list[int]:
    """The ladder up to `most`, growing."""
    return sorted({ceil(most * share) for share in LADDER})


def _settings(inputs: Inputs, slug: str, samples: int) -> Parameters:
    return inputs.parameters[slug] | ({"samples": samples} if samples else {})


def _passes(inputs: Inputs, slug: str, samples: int) -> float:
    return max(1, inputs.locals[slug].passes(_settings(inputs, slug, samples)))


def _weights(inputs: Inputs, slug: str, samples: int, seed: int, replicate: int) -> Weights:
    """The local weights of every class's images of a replicate, perturbed by the plan's seed plus `seed`."""
    found: dict[str, list[Floats]] = {}
    explained: list[Sample] = [
        replace(sample, seed=sample.seed + seed)
        for sample in inputs.samples(slug)
        if sample.replicate == replicate
    ]
    settings = _settings(inputs, slug, samples)
    tasks = [task for sample in explained for task in make_shards(inputs.locals[slug], settings, sample, {})]
    for task in sorted(tasks, key=lambda task: (task.shard, task.sample.target)):
        found.setdefault(task.sample.label, []).append(perform(inputs.model, task).weights)
    return {label: np.concatenate(parts) for label, parts in found.items()}


def _stability(
    method: ExplanationMethod, inputs: Inputs, weights: dict[Key, Weights], wanted: float, top: int
) -> Stability:
    slug = method.local.slug
    images: int = inputs.parameters[slug]["images"]
    ladder = _samples(inputs, slug)

    def rung(amount: int, other: tuple[int, int], samples: int, count: int) -> Rung:
        """The agreement of the subject and `other`, by maps of `count` images at `samples` samples."""
        one, two = weights[slug, samples, *SUBJECT], weights[slug, samples, *other]
        pairs = [(method.aggregate(one[k][:count]), method.aggregate(two[k][:count])) for k in one]
        overlap = float(np.mean([top_overlap(a, b, top) for a, b in pairs]))
        return Rung(amount, overlap, float(np.mean([correlation(a, b) for a, b in pairs])))

    def make_ladder(rungs: list[Rung]) -> Ladder:
        return Ladder(tuple(rungs), estimate_need(tuple(rungs), wanted))

    return Stability(
        method.slug,
        images,
        make_ladder([rung(samples, OTHER_SEED, samples, images) for samples in ladder]),
        make_ladder([rung(samples, OTHER_IMAGES, samples, images) for samples in ladder]),
        make_ladder([rung(count, OTHER_IMAGES, ladder[-1], count) for count in _shares(images)]),
    )


def top_overlap(first: Floats, second: Floats, top: int) -> float:
    """The share of the `top` largest values of two maps (pixels,) that are at the same places.

    Where values are tied for the last places, it is what drawing among them gives on average: two empty maps
    agree by chance only.
    """
    return float(_places(first, top) @ _places(second, top)) / top


def _places(importance: Floats, top: int) -> Floats:
    """The odds (pixels,) of each pixel to be among the `top` largest, where ties are drawn."""
    last = np.partition(importance, -top)[-top]
    above, tied = importance > last, importance == last
    return np.asarray(above + tied * ((top - above.sum()) / tied.sum()))


def correlation(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation of two maps (pixels,); 0 where one of them is constant."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first, second).statistic)


def estimate_need(rungs: tuple[Rung, ...], wanted: float) -> Need:
    """The samples or images that give the wanted overlap, from the overlaps at growing numbers of them.

    The missed share falls as a power of their number, so two points define a line in
    logarithms.
    """
    reached = [i for i, rung in enumerate(rungs) if rung.overlap >= wanted]
    if reached and reached[0] == 0:
        return Need(rungs[0].amount, "measured")
    if reached:
        points, how = rungs[reached[0] - 1 : reached[0] + 1], "interpolated"
    else:
        points, how = rungs, "extrapolated"
    if len(points) < 2:
        return Need(None, "out of reach")
    smallest = 1e-3  # a miss of 0 has no logarithm
    x = [log(rung.amount) for rung in points]
    y = [log(max(1 - rung.overlap, smallest)) for rung in points]
    slope, level = np.polyfit(x, y, 1)
    if slope >= 0 or (power := (log(1 - wanted) - level) / slope) > log(FURTHEST * rungs[-1].amount):
        return Need(None, "out of reach")
    # a line may reach the target before the last rung, whose measured share is below it
    least = rungs[-1].amount + 1 if how == "extrapolated" else 1
    return Need(_rounded_up(max(exp(power), least)), how)


def _rounded_up(amount: float) -> int:
    """Round up to two significant figures."""
    unit: int = 10 ** max(0, int(log10(amount)) - 1)
    return ceil(amount / unit - 1e-9) * unit
