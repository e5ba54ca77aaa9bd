"""Type I error and coverage of what generalises over stimuli: in simulated studies of each kind.

Each study has participants x labels x replicates questions with four methods. The log-odds of a choice vary
over class x method (SD s_c), map x method (SD s_m) and participant x method (SD 0.35); over all classes, maps
and participants the methods are equal.

F1, F2: repeated-measures ANOVA over participants alone, and over labels alone. Share, one: 95% intervals
over participants alone that miss the true share. Share: those over participants and labels. Pairs: studies
in which any of the six simultaneous intervals over both misses. Misses of a share are the mean over the four
methods. In the rows "lead" a typical class gives the methods 57, 20, 15 and 8%, in the rows "rare" 86, 6, 4
and 4%, and the worst of the four methods counts. In the last row, where classes differ by an SD of 1 in
log-odds and methods are rare, ten classes are too few for intervals that miss 5%: they miss 8.2%.

docs/type_one_error.md has the figures. Run with `python -m benchmarks.levels_stimuli [studies]`; takes 4
minutes on one core.
"""

import os
import sys
from dataclasses import dataclass
from itertools import combinations

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.estimation.label_shares import label_shares
from analysis.estimation.simultaneous import LargestT, pair_matrix
from analysis.estimation.stimuli import Crossed, crossed_shares, estimate_crossed
from analysis.inference.min_f import MinF, min_f
from analysis.inference.repeated_measures import RepeatedMeasures, repeated_measures
from analysis.numerics.arrays import Floats
from analysis.numerics.exact import ExactShares
from analysis.votes.offers import ChoiceData

TASTE = 0.35  # SD of the participants' log-odds
EQUAL = (0.25, 0.25, 0.25, 0.25)
LEAD = (0.57, 0.20, 0.15, 0.08)
RARE = (0.86, 0.06, 0.04, 0.04)


@dataclass(frozen=True)
class Setting:
    """One kind of study; `worths` are the shares for a typical participant, class and map."""

    s_c: float
    s_m: float
    participants: int = 83
    labels: int = 10
    replicates: int = 2
    worths: tuple[float, ...] = EQUAL

    @property
    def name(self) -> str:
        kind = {EQUAL: "", LEAD: "lead, ", RARE: "rare, "}[self.worths]
        stimuli = f"{self.labels} x {self.replicates}"
        return f"{kind}{self.s_c:g} / {self.s_m:g}, {self.participants} people, {stimuli}"


SETTINGS = (
    Setting(0, 0),
    Setting(0.25, 0.25),
    Setting(0.5, 0.25),
    Setting(0.5, 0.5),
    Setting(1, 0.5),
    Setting(0.5, 0.25, participants=300),
    Setting(0.5, 0.25, participants=40),
    Setting(0.5, 0, labels=20, replicates=1),
    Setting(0.25, 0.25, labels=5),
    Setting(0.5, 0.25, labels=5),
    Setting(1, 0.5, labels=5),
    Setting(0.5, 0.25, participants=12),
    Setting(0, 0.5, labels=50, replicates=1),
    Setting(0.5, 0.25, worths=LEAD),
    Setting(1, 0.5, worths=LEAD),
    Setting(0.5, 0.25, worths=RARE),
    Setting(1, 0.5, worths=RARE),
)


@dataclass(frozen=True)
class Rates:
    """How often tests reject at 5% and 95% intervals miss, in [0, 1]."""

    f1: float
    f2: float
    min_f: float
    share_participants: float
    share_crossed: float
    pairs_crossed: float


def study(setting: Setting, rng: np.random.Generator) -> ChoiceData:
    """One simulated study in which everybody answers every question."""
    n, labels, replicates, k = setting.participants, setting.labels, setting.replicates, len(setting.worths)
    of_class = rng.normal(0, setting.s_c, (1, labels, 1, k))
    of_map = rng.normal(0, setting.s_m, (1, labels, replicates, k))
    of_person = rng.normal(0, TASTE, (n, 1, 1, k))
    odds = np.log(setting.worths) + of_class + of_map + of_person
    chosen = (odds + rng.gumbel(size=odds.shape)).argmax(axis=3)  # (participants, labels, replicates)
    people, label, replicate = (codes.ravel() for codes in np.indices(chosen.shape))
    return ChoiceData(
        methods=tuple(f"m{i}" for i in range(k)),
        participant=people,
        question=label * replicates + replicate,
        labels=label,
        label_names=tuple(map(str, range(labels))),
        offered=np.ones((chosen.size, k), dtype=np.bool_),
        chosen=chosen.ravel().astype(np.int64),
        worst=np.full(chosen.size, -1),
        position=np.zeros((chosen.size, k), dtype=np.int64),
        weights=np.ones(chosen.size),
    )


def true_shares(setting: Setting, draws: int = 1_000_000) -> Floats:
    """The methods' shares over all classes, maps and participants, (methods,), right to about 0.0003."""
    if len(set(setting.worths)) == 1:
        return np.full(len(setting.worths), 1 / len(setting.worths))
    spread = np.sqrt(setting.s_c**2 + setting.s_m**2 + TASTE**2)
    odds = np.log(setting.worths) + np.random.default_rng(0).normal(0, spread, (draws, len(setting.worths)))
    worths = np.exp(odds)
    return np.asarray((worths / worths.sum(axis=1, keepdims=True)).mean(axis=0))


def rates(setting: Setting, studies: int, seed: int = 1) -> Rates:
    """Rejection and miss rates of one kind of study."""
    rng, truth = np.random.default_rng(seed), true_shares(setting)
    rejected, missed = [], []
    for _ in range(studies):
        data = study(setting, rng)
        found = estimate_crossed(data)
        by_participant = _votes(data, data.participant)
        tests = _tests(by_participant, _votes(data, data.labels))
        rejected.append([test.p is not None and test.p < 0.05 for test in tests])
        missed.append(
            [*_participants_only(by_participant, truth), *_crossed(found, truth), _pairs_miss(found, truth)]
        )
    k = len(truth)
    by_share = np.mean(missed, axis=0)
    summary = np.mean if setting.worths == EQUAL else np.max
    return Rates(
        *np.mean(rejected, axis=0).tolist(),
        *(float(summary(part)) for part in (by_share[:k], by_share[k : 2 * k], by_share[2 * k :])),
    )


def _votes(data: ChoiceData, codes: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Votes of each participant or label, (clusters, methods)."""
    assert codes is not None
    n, k = int(codes.max()) + 1, len(data.methods)
    return np.bincount(codes * k + data.chosen, minlength=n * k).reshape(n, k)


def _tests(
    by_participant: NDArray[np.int64], by_label: NDArray[np.int64]
) -> tuple[RepeatedMeasures, RepeatedMeasures, MinF]:
    names = [f"m{i}" for i in range(by_label.shape[1])]
    f1, f2 = (repeated_measures(ExactShares(votes, names)) for votes in (by_participant, by_label))
    return f1, f2, min_f(f1, f2)


def _participants_only(votes: NDArray[np.int64], truth: Floats) -> list[bool]:
    """Whether t intervals over participants, (participants, methods), miss the true shares."""
    shares, n = votes / votes.sum(axis=1, keepdims=True), len(votes)
    margin = stats.t.ppf(0.975, n - 1) * shares.std(axis=0, ddof=1) / np.sqrt(n)
    return [bool(miss) for miss in np.abs(shares.mean(axis=0) - truth) > margin]


def _crossed(found: Crossed, truth: Floats) -> list[bool]:
    return [
        share.low is None or share.high is None or not share.low <= true <= share.high
        for share, true in zip(crossed_shares(found), truth.tolist(), strict=True)
    ]


def _pairs_miss(found: Crossed, truth: Floats) -> bool:
    """Whether any interval of `crossed_pairs` misses; the same, but without computing all of them.

    It does if and only if the largest |t| of the deviations has p < 0.05.
    """
    contrasts = pair_matrix(list(combinations(range(len(truth)), 2)), len(truth))
    covariance, df = contrasts @ found.covariance @ contrasts.T, float(found.df.min())
    errors = np.sqrt(covariance.diagonal())
    largest = float(np.abs(contrasts @ (found.shares - truth) / errors).max())
    if 2 * stats.t.sf(largest, df) >= 0.05:
        return False
    return LargestT(covariance / np.outer(errors, errors), df).tail(largest)[0] < 0.05


def label_coverage(participants: int, replicates: int, worths: tuple[float, ...], studies: int) -> Floats:
    """How often `label_shares` covers a method's share for given maps, (methods,), over ten labels."""
    rng = np.random.default_rng(1)
    setting = Setting(0, 0, participants, 10, replicates, worths)
    truth, covered = true_shares(setting, 200_000), np.zeros(len(worths))
    for _ in range(studies):
        result = label_shares(study(setting, rng))
        assert result is not None
        covered += ((result.low <= truth) & (truth <= result.high)).mean(axis=0)
    return covered / studies


def table(studies: int) -> str:
    """All settings in Markdown; the pages of `make bench-levels` can take it over."""
    lines = [
        "| s_c / s_m, study | F1 | F2 | min F' | Share, one | Share | Pairs |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for setting in SETTINGS:
        found = rates(setting, studies)
        cells = [found.f1, found.f2, found.min_f, found.share_participants, found.share_crossed]
        texts = [f"{rate * 100:.1f}" for rate in (*cells, found.pairs_crossed)]
        if setting.worths != EQUAL:
            texts[:3] = ["", "", ""]
        lines.append(f"| {setting.name} | {' | '.join(texts)} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def coverage_table(studies: int) -> str:
    """Coverage of the intervals of single labels, the lowest of the four methods."""
    lines = ["| people | replicates | equal | lead | rare |", "|--:|--:|--:|--:|--:|"]
    for participants, replicates in ((6, 1), (6, 2), (12, 1), (12, 2), (83, 1), (83, 2)):
        lowest = [
            label_coverage(participants, replicates, kind, studies).min() for kind in (EQUAL, LEAD, RARE)
        ]
        cells = " | ".join(f"{rate * 100:.1f}" for rate in lowest)
        lines.append(f"| {participants} | {replicates} | {cells} |")
    return "\n".join(lines)


def tables(runs: int = 2000) -> list[str]:
    """Levels and coverage over stimuli, and coverage of single labels, in Markdown."""
    fewer = max(1, runs // 10)
    return [
        f"## New stimuli ({runs:,} studies of each row)\n\n"
        "Participants x labels x replicates questions with four methods. The log-odds of a choice vary over "
        "class x method (SD s_c), map x method (SD s_m) and participant x method (SD 0.35); over all "
        "classes, maps and participants the methods are equal. Errors are in percent (standard error about "
        "0.5). F1 and F2: repeated-measures ANOVA over participants alone and over labels alone. Neither is "
        "valid for new stimuli by itself, and min F' combines them. Share, one: 95% intervals over "
        "participants alone that miss the share over all classes and maps. Share: those over participants "
        "and labels, as reported. Pairs: studies in which any simultaneous interval over both misses. In the "
        "rows 'lead' a typical class gives the methods 57, 20, 15 and 8%, in the rows 'rare' 86, 6, 4 and "
        "4%; there, the worst method counts. With rare methods and classes that differ by an SD of 1, ten "
        "classes are too few for intervals that miss 5%.\n\n" + table(runs),
        f"## Single labels ({fewer:,} studies of ten labels in each row)\n\n"
        "Coverage of the intervals of single labels over participants, in percent, the lowest of the four "
        "methods.\n\n" + coverage_table(fewer),
    ]


if __name__ == "__main__":
    print("\n\n".join(tables(*map(int, sys.argv[1:]))))
