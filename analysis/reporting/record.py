"""A report as what JSON can hold: every number with all its digits, null for what is undefined, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analysis.reporting.conclusions import version
from analysis.significance import ALPHA

if TYPE_CHECKING:
    from analysis.estimation.estimates import Estimates
    from analysis.estimation.shares import Share
    from analysis.metric_agreement.concordance import Concordance
    from analysis.reporting.report import Report

ONE_METHOD = "undefined: there is only one method"


def of(report: Report) -> dict[str, Any]:
    """Names to numbers, texts, lists and mappings of them."""
    return {
        "answer": report.answer,
        "n_participants": report.n_participants,
        "n_votes": report.n_votes,
        "n_simulated": report.n_simulated,
        "n_recruited": report.n_recruited,
        "n_unanswered": report.n_unanswered,
        "excluded": dict(report.excluded),
        "min_passed": report.min_passed,
        "simulated": report.simulated,
        "n_set_aside": report.n_set_aside,
        "votes": {m.method: m.votes for m in report.methods},
        "shares": {m.method: m.share for m in report.methods},
        "share_intervals": {m.method: _ends(m) for m in report.methods},
        "mean_proportions": {
            m.method: x for m, x in zip(report.methods, report.mean_proportions, strict=True)
        },
        "anova": _fields(report.anova, "F", "df_between", "df_within", "p", "log10_p", "eta_squared")
        | _fields(report.anova, "ss_between", "ss_within", "ms_between", "ms_within", "note"),
        "tukey": [asdict(pair) for pair in (report.tukey.pairs if report.tukey else ())],
        "tukey_note": report.tukey.note if report.tukey else ONE_METHOD,
        "repeated_measures": _fields(report.repeated_measures, "F", "df_between", "df_within", "epsilon", "p")
        | _fields(report.repeated_measures, "log10_p", "p_uncorrected", "partial_eta_squared", "note"),
        "friedman": _fields(report.friedman, "Q", "df", "p", "log10_p", "W", "note"),
        "tests": {
            name: {"p": test.p, "log10_p": test.log10_p, "statement": test.statement, "note": test.note}
            for name, test in (report.omnibus.tests.items() if report.omnibus else ())
        },
        "primary": report.primary,
        # Said where it is not the usual one: reports at 0.05 keep their bytes.
        **({} if report.alpha == ALPHA else {"alpha": report.alpha}),
        "agreement": report.omnibus.agreement if report.omnibus else ONE_METHOD,
        "estimates": _estimates(report.estimates),
        "metric_agreement": _concordance(report.concordance),
        "one_sided_effects": {name: asdict(effect) for name, effect in report.one_sided_effects.items()},
        "caveat": report.caveat,
        "notes": list(report.notes),
        "source": {"name": report.name, "sha256": report.sha256},
        "design_sha256": report.design_sha256,
        "seed": report.seed,
        "versions": {name: version(name) for name in ("beholder", "numpy", "pandas", "scipy")},
    }


def _ends(share: Share) -> dict[str, float] | None:
    return None if share.low is None or share.high is None else {"low": share.low, "high": share.high}


def _fields(result: object, *names: str) -> dict[str, Any]:
    """The named attributes of a result; of no result, null and why."""
    if result is None:
        return {name: ONE_METHOD if name == "note" else None for name in names}
    return {name: getattr(result, name) for name in names}


def _estimates(estimates: Estimates) -> dict[str, Any]:
    rankings = estimates.rankings
    return {
        "design_effect": estimates.design_effect,
        "intra_class_correlation": estimates.icc,
        "pairs": [asdict(pair) for pair in estimates.pairs],
        "effects": {name: asdict(effect) for name, effect in estimates.effects.items()},
        "rankings": rankings and [{"order": list(o), "probability": p} for o, p in rankings.orders],
        "first": rankings and rankings.first,
    }


def _concordance(found: Concordance | None) -> dict[str, Any] | None:
    return None if found is None else asdict(found) | {"detectable": found.detectable}
