"""How far two seeds agree on a class map, and how many samples a wanted agreement takes.

The same images are explained twice with different perturbations, at a ladder of numbers of samples. Agreement
is the share of the top pixels that both maps have, mean over classes; beside it stands Spearman's rank
correlation over all pixels. What stands at "other images" compares two replicates: different images and
different perturbations.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil, exp, log, log10

import numpy as np
from scipy.stats import spearmanr

from explanations import execution
from explanations.local import Parameters, Sample
from explanations.methods import ExplanationMethod
from explanations.plan import Loaded, Plan, load
from explanations.tasks import Floats, perform, shards

Step = Callable[[float, float, str], None]

LADDER = (1 / 8, 1 / 4, 1 / 2, 1.0)  # of the plan's samples
FURTHEST = 1000  # times the plan's samples: beyond, a line through the ladder says nothing


@dataclass(frozen=True)
class Rung:
    """At so many samples: the share of the top pixels that two seeds agree on, and the rank correlation."""

    samples: int
    overlap: float
    correlation: float


@dataclass(frozen=True)
class Need:
    """How many samples a wanted agreement takes; None: more samples do not bring it about.

    `how`: "measured" where the first rung already has it, "interpolated" between two rungs, "extrapolated"
    by a line through the ladder's logarithms, or "out of reach".
    """

    samples: int | None
    how: str


@dataclass(frozen=True)
class Stability:
    """The stability of one method. `rungs` has one of 0 samples where the method takes none."""

    method: str
    images: int
    rungs: tuple[Rung, ...]
    other_images: Rung
    need: Need


@dataclass(frozen=True)
class Report:
    """The stability of all methods, for a wanted share of the `top` pixels."""

    wanted: float
    top: int
    classes: tuple[str, ...]
    rows: tuple[Stability, ...]

    def __str__(self) -> str:
        text = [
            f"Share of the top {self.top} pixels that two seeds agree on, and rank correlation of all, on "
            f"the same images; mean of {len(self.classes)} classes.",
            "",
        ]
        for row in self.rows:
            text.append(f"{row.method}, {row.images} images a map")
            for rung in row.rungs:
                amount = f"{rung.samples:,} samples" if rung.samples else "no samples"
                text.append(f"{amount:>18}: {rung.overlap:6.1%}   r = {rung.correlation:.3f}")
            other = row.other_images
            text.append(f"{'other images':>18}: {other.overlap:6.1%}   r = {other.correlation:.3f}")
            text.append(f"{f'for {self.wanted:.0%}':>18}: {_told(row.need)}")
        return "\n".join(text)


def _told(need: Need) -> str:
    return need.how if need.samples is None else f"{need.samples:,} samples ({need.how})"


def report(
    plan: Plan,
    wanted: float = 0.85,
    top: int = 100,
    device: str | None = None,
    step: Step = lambda done, total, doing: None,
) -> Report:
    """The stability of the plan's methods. `wanted` is a share below 1. Raises ValueError."""
    if not 0 < wanted < 1:
        raise ValueError(f"an agreement of {wanted:.0%} cannot be asked for; allowed: between 0 and 100")
    with execution.on(device=device) as settings:
        loaded = load(replace(plan, replicates=2), settings.device)
        pixels = loaded.test.images[0, 0].numel()
        if not 1 <= top < pixels:
            raise ValueError(f"there is no top {top} of {pixels} pixels; allowed: 1 to {pixels - 1}")
        rows = _rows(loaded, wanted, top, step)
    return Report(wanted, top, loaded.classes, rows)


def _rows(loaded: Loaded, wanted: float, top: int, step: Step) -> tuple[Stability, ...]:
    weights = dict(_all_weights(loaded, step))
    return tuple(_stability(method, loaded, weights, wanted, top) for method in loaded.methods)


Key = tuple[str, int, int, int]  # local function, samples, seed (0 or 1), replicate
Weights = dict[str, Floats]  # by class


def _all_weights(loaded: Loaded, step: Step) -> Iterator[tuple[Key, Weights]]:
    """The local weights of all that is compared: both seeds on every rung, and the other replicate once."""
    runs = [(slug, rung, 0, 2) for slug in loaded.parameters for rung in _ladder(loaded, slug)[-1:]]
    for slug in loaded.parameters:
        runs += [(slug, rung, seed, 1) for rung in _ladder(loaded, slug) for seed in (0, 1)]
    costs = [_passes(loaded, slug, rung) for slug, rung, _, _ in runs]
    for number, (slug, rung, seed, replicate) in enumerate(runs):
        doing = f"{slug}, {rung:,} samples, seed {loaded.plan.seed + seed}"
        step(sum(costs[:number]), sum(costs), doing)
        yield (slug, rung, seed, replicate), _weights(loaded, slug, rung, seed, replicate)
    step(sum(costs), sum(costs), "")


def _ladder(loaded: Loaded, slug: str) -> list[int]:
    """Numbers of samples, growing; 0 alone for a method that takes none."""
    most = loaded.parameters[slug].get("samples", 0)
    return sorted({ceil(most * share) for share in LADDER})


def _settings(loaded: Loaded, slug: str, samples: int) -> Parameters:
    return loaded.parameters[slug] | ({"samples": samples} if samples else {})


def _passes(loaded: Loaded, slug: str, samples: int) -> float:
    local = next(method.local for method in loaded.methods if method.local.slug == slug)
    return max(1, local.passes(_settings(loaded, slug, samples)))


def _weights(loaded: Loaded, slug: str, samples: int, seed: int, replicate: int) -> Weights:
    """The local weights of every class's images of a replicate, perturbed by the plan's seed plus `seed`."""
    found: dict[str, list[Floats]] = {}
    explained: list[Sample] = [
        replace(sample, seed=sample.seed + seed)
        for sample in loaded.samples(slug)
        if sample.replicate == replicate
    ]
    settings = _settings(loaded, slug, samples)
    tasks = [task for sample in explained for task in shards(loaded.name_of(slug), settings, sample, {})]
    for task in sorted(tasks, key=lambda task: (task.shard, task.sample.index)):
        found.setdefault(task.sample.label, []).append(perform(loaded.model, task).weights)
    return {label: np.concatenate(parts) for label, parts in found.items()}


def _stability(
    method: ExplanationMethod, loaded: Loaded, weights: dict[Key, Weights], wanted: float, top: int
) -> Stability:
    slug = method.local.slug

    def compared(samples: int, one: tuple[int, int], other: tuple[int, int]) -> Rung:
        """By (seed, replicate)."""
        pairs = [
            (method.aggregate(weights[slug, samples, *one][label]), method.aggregate(found))
            for label, found in weights[slug, samples, *other].items()
        ]
        overlap = float(np.mean([shared(a, b, top) for a, b in pairs]))
        return Rung(samples, overlap, float(np.mean([correlation(a, b) for a, b in pairs])))

    rungs = tuple(compared(samples, (0, 1), (1, 1)) for samples in _ladder(loaded, slug))
    other = compared(rungs[-1].samples, (0, 1), (0, 2))
    return Stability(method.slug, loaded.parameters[slug]["images"], rungs, other, needed(rungs, wanted))


def shared(first: Floats, second: Floats, top: int) -> float:
    """The share of the `top` largest values of two maps (pixels,) that are at the same places."""
    places = [set(np.argsort(-importance, kind="stable")[:top].tolist()) for importance in (first, second)]
    return len(places[0] & places[1]) / top


def correlation(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation of two maps (pixels,); 0 where one of them is constant."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first, second).statistic)


def needed(rungs: tuple[Rung, ...], wanted: float) -> Need:
    """The samples that give the wanted overlap, from the overlaps at growing numbers of samples.

    The share that is missed falls like a power of the samples, of which two points give a line in
    logarithms.
    """
    reached = [i for i, rung in enumerate(rungs) if rung.overlap >= wanted]
    if reached and reached[0] == 0:
        return Need(rungs[0].samples, "measured")
    if reached:
        points, how = rungs[reached[0] - 1 : reached[0] + 1], "interpolated"
    else:
        points, how = rungs, "extrapolated"
    if len(points) < 2:
        return Need(None, "out of reach")
    smallest = 1e-3  # a miss of nothing at all has no logarithm
    x = [log(rung.samples) for rung in points]
    y = [log(max(1 - rung.overlap, smallest)) for rung in points]
    slope, level = np.polyfit(x, y, 1)
    if slope >= 0 or (power := (log(1 - wanted) - level) / slope) > log(FURTHEST * rungs[-1].samples):
        return Need(None, "out of reach")
    return Need(_rounded_up(exp(power)), how)


def _rounded_up(samples: float) -> int:
    """To two figures."""
    unit: int = 10 ** max(0, int(log10(samples)) - 1)
    return ceil(samples / unit - 1e-9) * unit
