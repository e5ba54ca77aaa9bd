"""Section: the analysis of the NormLIME paper, one-way ANOVA of the shares and Tukey HSD.

It is always available and always labelled as anticonservative.
"""

from dataclasses import asdict

from scipy import stats

from analysis import formatting as fmt
from analysis.inference.tukey import Pair
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results
from analysis.significance import confidence

CAVEAT = (
    "These tests are anticonservative. One-way ANOVA and Tukey HSD treat the shares of one participant as "
    "independent, but they sum to 1. If methods do not differ, they report a difference in about {rate:.2g}% "
    "of studies with {k} methods, not in {level:g}%. They are shown for comparison with the paper."
)
_ONE_METHOD = "undefined: there is only one method"


def section(results: Results) -> Section:
    if results.omnibus is None or results.tukey is None:
        return Section("classic", "The paper's analysis", record=_record(results))
    anova, tukey = results.omnibus.one_way, results.tukey
    level = confidence(results.plan.alpha)
    pairs = tuple(
        (
            f"{pair.a} {fmt.MINUS} {pair.b}",
            fmt.points(pair.difference),
            fmt.interval(pair.low, pair.high, fmt.points),
            fmt.p_value(pair.p, pair.log10_p),
        )
        for pair in tukey.pairs
    )
    effects = tuple(
        (name, effect.format(fmt.share_of_variance)) for name, effect in results.one_sided_effects.items()
    )
    headings = ("Source", "Sum of squares", "df", "Mean square", "F", "p")
    tables = [
        Table("anova", "One-way ANOVA of the participants' shares", headings, anova.rows),
        Table(
            "tukey",
            f"Tukey HSD: differences of mean shares in percentage points, simultaneous {level} confidence "
            "intervals",
            ("Pair", "Points", f"{level} CI", "p"),
            pairs,
        ),
    ]
    if effects:
        caption = "Effect sizes with one-sided 95% confidence intervals by the noncentral F"
        tables.append(Table("classic-effects", caption, ("Effect size", "Estimate"), effects))
    return Section(
        slug="classic",
        heading="The paper's analysis",
        verdict="F is undefined."
        if anova.p is None
        else f"{anova.statement}, {fmt.p_stated(anova.p, anova.log10_p)} (anticonservative)",
        tables=tuple(tables),
        notes=tuple(note for note in (anova.note and f"{anova.note}.",) if note),
        caveat=caveat(results),
        record=_record(results),
        quantities=tuple(_quantities(results)),
    )


def caveat(results: Results) -> str:
    """The warning that belongs to the classic analysis."""
    k, alpha = len(results.counts.methods), results.plan.alpha
    return CAVEAT.format(rate=100 * type_one_error(k, alpha), k=k, level=100 * alpha)


def type_one_error(k: int, alpha: float) -> float:
    """The type I error rate of one-way ANOVA of the shares of `k` methods at `alpha`.

    Shares that sum to 1 are correlated by -1 / (k - 1), so F is k / (k - 1) times too large. The rate is that
    of many participants and equally popular methods; docs/type_one_error.md has the simulated ones.
    """
    if k < 2:
        return alpha
    return float(stats.chi2.sf(stats.chi2.isf(alpha, k - 1) * (k - 1) / k, k - 1))


def _record(results: Results) -> dict[str, object]:
    anova = results.omnibus.one_way if results.omnibus else None
    names = ("F", "df_between", "df_within", "p", "log10_p", "eta_squared", "ss_between", "ss_within")
    fields = (*names, "ms_between", "ms_within", "note")
    return {
        "anova": {name: getattr(anova, name) for name in fields}
        if anova
        else {**dict.fromkeys(fields), "note": _ONE_METHOD},
        "tukey": [asdict(pair) for pair in (results.tukey.pairs if results.tukey else ())],
        "tukey_note": results.tukey.note if results.tukey else _ONE_METHOD,
        "one_sided_effects": {
            name: {"value": effect.value, "low": effect.low, "high": effect.high}
            for name, effect in results.one_sided_effects.items()
        },
        "caveat": caveat(results),
    }


def _quantities(results: Results) -> list[Quantity]:
    assert results.omnibus is not None
    assert results.tukey is not None
    rows = [_tukey(pair) for pair in results.tukey.pairs]
    for name, effect in results.one_sided_effects.items():
        rows.append(Quantity(f"{name} (noncentral F)", value=effect.value, low=effect.low, high=effect.high))
    return rows


def _tukey(pair: Pair) -> Quantity:
    return Quantity(
        "difference (Tukey)",
        pair.a,
        pair.b,
        value=pair.difference,
        low=pair.low,
        high=pair.high,
        p=pair.p,
        log10_p=pair.log10_p,
    )
