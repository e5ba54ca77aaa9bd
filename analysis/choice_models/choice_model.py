"""Fit a choice model: how likely each method is chosen from any set that was offered.

Choice data in, a `Worths` out. The participant is the unit throughout: covariances are clustered by
participant (`conditional_logit`, CR3).

Simultaneous intervals and p-values of pairs are single-step max-t with n - r degrees of freedom for n
participants and r + 1 methods, those of the denominator of the omnibus test, because each pair has its own
estimated variance. At r = 1 this is n - 1, as in a paired t test. The exact critical value of the largest |t|
with a Wishart covariance is within 5% of that at n - r (6 methods, 12 people: 3.62, against 3.78 at n - r and
3.42 at n - 1; 20 people: 3.26, 3.24 and 3.15).

Rejected true null hypotheses in 2,000 simulated studies of each of 6 designs with unequal offers
(`benchmarks/levels_offers.py`; intraclass correlation .1; standard error 0.5%):

| people | omnibus test | any pair    | any pair, n - 1 degrees of freedom (1,000 studies of 5 designs) |
| -----: | -----------: | ----------: | --------------------------------------------------------------: |
|     12 |  3.5 to 5.6% | 4.0 to 4.9% |                                                      5.9 to 8.4% |
|     20 |  4.0 to 5.5% | 4.9 to 6.2% |                                                      6.6 to 7.7% |
|     40 |  3.0 to 5.1% | 4.0 to 5.9% |                                                                  |
|     83 |  4.2 to 5.7% | 4.4 to 6.1% |                                                                  |
"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from analysis.choice_models.conditional_logit import ConditionalLogit, fit
from analysis.choice_models.design import NONE, Design, build_design
from analysis.choice_models.equal_choice import ChoiceTest, trace_test, wald_test
from analysis.choice_models.offer_shares import count_offers
from analysis.choice_models.separation import Components, find_bounds, find_components
from analysis.choice_models.worths import Constant, MethodWorth, WorthPair, Worths
from analysis.estimation.intervals import Estimate
from analysis.estimation.rankings import Rankings, count_rankings
from analysis.estimation.simultaneous import LargestT, pair_matrix
from analysis.numerics.arrays import Floats
from analysis.numerics.resampling import REPLICATES, SEED
from analysis.numerics.tails import f_tail
from analysis.significance import ALPHA, check_alpha
from analysis.votes.offers import ChoiceData


def fit_worths(
    data: ChoiceData,
    alpha: float = ALPHA,
    seed: int = SEED,
    position: bool = False,
    draws: int = REPLICATES,
) -> Worths:
    """Fit the choice model of `data`; pairs are judged at `alpha`, all other intervals are 95%.

    With `position`, display positions are a covariate. Methods that were never or always chosen over the
    others, or that no chain of choices connects with them, are reported by bounds and notes, and the rest is
    still estimated. `draws` are for the rankings. Raises ValueError for data without an answer.
    """
    check_alpha(alpha)
    if not len(data.chosen):
        raise ValueError("a choice model needs at least one answer (got 0)")
    components = find_components(data)
    fitted, notes = fit_model(data, components, position)
    return Worths(
        methods=data.methods,
        offers=count_offers(data),
        worths=_worths(data, components, fitted),
        estimated=fitted.names if fitted else (),
        reference=fitted.names[0] if fitted else None,
        covariance=fitted.covariance if fitted else np.zeros((0, 0)),
        pairs=_pairs(fitted, alpha, seed) if fitted else (),
        constants=_constants(fitted) if fitted else (),
        bounds=find_bounds(data, components),
        test=_test(data, components, fitted),
        rankings=_rankings(fitted, seed, draws) if fitted else None,
        n_participants=len(np.unique(data.participant)),
        n_answers=len(data.chosen),
        log_likelihood=fitted.model.log_likelihood if fitted else None,
        alpha=alpha,
        seed=seed,
        weighted=bool(np.ptp(data.weights) > 1e-12),
        notes=(*_connection_notes(data, components), *notes),
    )


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A model and its design. `names` are the estimated methods, the reference first."""

    model: ConditionalLogit
    design: Design
    names: tuple[str, ...]

    @property
    def n(self) -> int:
        """The number of participants who chose between these methods."""
        return len(np.unique(self.design.participants))

    @property
    def log_worths(self) -> Floats:
        """The log-worths of `names`, 0 for the reference, (methods,)."""
        return np.concatenate([[0.0], self.model.coefficients[: self.design.n_free]])

    @property
    def covariance(self) -> Floats:
        """The covariance of the log-worths, by participant, (methods, methods)."""
        free = self.design.n_free
        covariance = np.zeros((free + 1, free + 1))
        covariance[1:, 1:] = self.model.jackknife[:free, :free]
        return covariance


def fit_model(
    data: ChoiceData, components: Components, position: bool = False
) -> tuple[FittedModel | None, tuple[str, ...]]:
    """Fit the methods that can be estimated together, with notes on what is not modelled."""
    if len(components.estimated) < 2:
        return None, ("No two methods were both chosen over each other: no worth can be estimated.",)
    known = not (data.offered & (data.position < 1)).any()
    notes: tuple[str, ...] = ()
    if position and not known:
        notes = ("Display positions are not modelled: some are not known.",)
    for with_position in dict.fromkeys((position and known, False)):
        design = build_design(data, components.estimated, with_position)
        model = fit(design.features, design.chosen, design.participants, design.available, design.weights)
        if not isinstance(model, str):
            names = tuple(data.methods[i] for i in components.estimated)
            return FittedModel(model, design, names), notes
        what = "effect of display positions" if with_position else "choice model"
        notes = (*notes, f"The {what} is {model}.")
    return None, notes


def _worths(data: ChoiceData, components: Components, fitted: FittedModel | None) -> tuple[MethodWorth, ...]:
    """The worths of all methods of the data; that of a method never chosen over the estimated ones is 0."""
    never = {data.methods[i] for group in components.never for i in group} if fitted else set()
    found = {one.method: one for one in _estimated_worths(fitted)} if fitted else {}
    return tuple(
        found.get(name, MethodWorth(name, Estimate(0.0 if name in never else None))) for name in data.methods
    )


def _estimated_worths(fitted: FittedModel) -> list[MethodWorth]:
    """Worths with 95% t intervals of the log odds against all other methods together (delta method)."""
    worths = np.exp(fitted.log_worths - fitted.log_worths.max())
    worths /= worths.sum()
    errors = np.sqrt(fitted.covariance.diagonal())
    result = []
    for place, (name, worth) in enumerate(zip(fitted.names, worths.tolist(), strict=True)):
        slope = -worths / (1 - worth)
        slope[place] = 1.0
        estimate = Estimate(worth)
        margin = _t_margin(float(slope @ fitted.covariance @ slope), fitted.n)
        if margin is not None:
            odds = math.log(worth / (1 - worth))
            estimate = Estimate(worth, 1 / (1 + math.exp(margin - odds)), 1 / (1 + math.exp(-margin - odds)))
        error = float(errors[place])
        result.append(
            MethodWorth(
                name, estimate, float(fitted.log_worths[place]), error if math.isfinite(error) else None
            )
        )
    return result


def _pairs(fitted: FittedModel, alpha: float, seed: int) -> tuple[WorthPair, ...]:
    """All pairs of estimated methods, judged together; without intervals where participants are too few."""
    k = len(fitted.names)
    pairs, df = list(combinations(range(k), 2)), fitted.n - k + 1
    named = [(fitted.names[a], fitted.names[b]) for a, b in pairs]
    matrix = pair_matrix(pairs, k)
    values, spread = matrix @ fitted.log_worths, matrix @ fitted.covariance @ matrix.T
    errors = np.sqrt(spread.diagonal())
    reason = ""
    if df < 1:
        reason = f"{k} methods need at least {k} participants (got {fitted.n})"
    elif not (np.isfinite(errors) & (errors > 1e-12)).all():
        reason = "a difference does not vary between participants, or rests on one of them"
    if reason:
        return tuple(
            WorthPair(a, b, Estimate(value, reason=reason))
            for (a, b), value in zip(named, values.tolist(), strict=True)
        )
    largest = LargestT(spread / np.outer(errors, errors), df, seed)
    critical = largest.critical(alpha)
    return tuple(
        WorthPair(
            a,
            b,
            Estimate(value, value - critical * error, value + critical * error),
            error,
            value / error,
            *largest.tail(value / error),
        )
        for (a, b), value, error in zip(named, values.tolist(), errors.tolist(), strict=True)
    )


def _constants(fitted: FittedModel) -> tuple[Constant, ...]:
    """The constants of none, tie and display positions, each with its own t interval."""
    model, free = fitted.model, fitted.design.n_free
    result = []
    for place, name in enumerate(fitted.design.constants, start=free):
        weights = np.zeros(len(model.coefficients))
        weights[place] = 1.0
        if name == NONE:  # over the mean of all log-worths, as a tie is by construction
            weights[:free] = -1 / (free + 1)
        value, variance = float(weights @ model.coefficients), float(weights @ model.jackknife @ weights)
        margin = _t_margin(variance, fitted.n)
        if margin is None:
            result.append(Constant(name, Estimate(value)))
        else:
            p, _ = f_tail(value**2 / variance, 1, fitted.n - 1)
            result.append(Constant(name, Estimate(value, value - margin, value + margin), p))
    return tuple(result)


def _t_margin(variance: float, n: int) -> float | None:
    """Half the width of a 95% t interval over `n` participants; None where undefined."""
    if n < 2 or not variance > 1e-24:
        return None
    return float(stats.t.ppf(0.975, n - 1)) * math.sqrt(variance)


def _test(data: ChoiceData, components: Components, fitted: FittedModel | None) -> ChoiceTest:
    """The Wald test where the worths of all methods are estimated, else the trace test."""
    if fitted and components.complete:
        test = wald_test(fitted.log_worths[1:], fitted.covariance[1:, 1:], fitted.n)
        if test.p is not None:
            return test
    return trace_test(data)


def _rankings(fitted: FittedModel, seed: int, draws: int) -> Rankings | None:
    """Orders of draws from the multivariate t distribution of the log-worths."""
    if fitted.n < 2 or not np.isfinite(fitted.covariance).all():
        return None
    rng, df = np.random.default_rng(seed), fitted.n - 1
    scales, axes = np.linalg.eigh(fitted.covariance)
    root = axes * np.sqrt(np.maximum(scales, 0))
    lengths = np.sqrt(rng.chisquare(df, (draws, 1)) / df)
    moved = rng.standard_normal((draws, len(fitted.names))) @ root.T / lengths
    return count_rankings(fitted.log_worths + moved, fitted.names, seed)


def _connection_notes(data: ChoiceData, components: Components) -> tuple[str, ...]:
    """Sentences on the methods that cannot be compared."""
    notes = []
    if not components.connected:
        notes.append(
            "The methods fall into groups that were never offered together: no choice compares one group "
            "with another."
        )
    if components.apart:
        apart, others = (
            ", ".join(data.methods[i] for i in group) for group in (components.apart, components.estimated)
        )
        notes.append(f"No chain of choices connects {apart} with {others}: they can't be compared.")
    return tuple(notes)
