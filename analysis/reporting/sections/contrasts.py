"""Sections: planned contrasts, comparisons with one baseline, and equivalence.

The results of `analysis.estimation.contrasts` come in.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from analysis import formatting as fmt
from analysis.estimation.contrasts import Contrast, Equivalence, Equivalences
from analysis.estimation.intervals import Estimate
from analysis.estimation.share_contrasts import FEW
from analysis.estimation.simultaneous import BONFERRONI, MANY_DF, MAX_T
from analysis.reporting.charts.interval_plots import Mark, describe, difference_chart
from analysis.reporting.elements import Quantity, Section, Table
from analysis.significance import ALPHA, confidence

_HEADINGS = ("Contrast", "Points", "CI", "t", "p")


def contrasts_section(contrasts: Sequence[Contrast], alpha: float = ALPHA) -> Section:
    """The contrasts that were planned."""
    return _section("contrasts", "Planned contrasts", contrasts, alpha, "Planned contrasts")


def baseline_section(contrasts: Sequence[Contrast], baseline: str, alpha: float = ALPHA) -> Section:
    """Every other method against one baseline."""
    subject = f"Comparisons of each method with {baseline}"
    return _section("baseline", f"Comparison with {baseline}", contrasts, alpha, subject)


def equivalence_section(result: Equivalences) -> Section:
    """The pairs that differ by less than the smallest difference of interest."""
    if not result.pairs:
        return Section("equivalence", "Equivalence", record={"equivalence": asdict(result)})
    margin = _unsigned(result.margin)
    level = confidence(2 * result.alpha)
    rows = tuple(
        (
            f"{pair.a} {fmt.MINUS} {pair.b}",
            _value(pair.difference),
            _ends(pair.difference),
            fmt.p_value(pair.p),
            _answer(pair.equivalent),
        )
        for pair in result.pairs
    )
    headings = ("Pair", "Points", f"{level} CI", "p (TOST)", "Equivalent")
    caption = f"Differences of mean shares in percentage points, against a margin of {margin} points"
    note = (
        f"Two methods are equivalent if the {level} confidence interval of their difference lies within "
        f"±{margin} points: two one-sided t tests at {result.alpha:g} (TOST). Pairs are not adjusted for "
        "their number."
    )
    return Section(
        slug="equivalence",
        heading="Equivalence",
        verdict=equivalence_verdict(result),
        tables=(Table("equivalence", caption, headings, rows),),
        notes=(note,),
        record={"equivalence": asdict(result)},
        quantities=tuple(_equivalence_quantity(pair) for pair in result.pairs),
        apa=tuple(_apa_equivalence(pair, level) for pair in result.pairs),
        method=(
            f"Equivalence was tested by two one-sided t tests against a smallest difference of interest of "
            f"{margin} percentage points (Schuirmann, 1987).",
        ),
    )


def equivalence_verdict(result: Equivalences) -> str:
    """The result in one or two sentences: "No difference is larger than 6.2 points (95% CI)"."""
    pairs = [f"{pair.a} and {pair.b}" for pair in result.pairs if pair.equivalent]
    margin, level = _unsigned(result.margin), confidence(result.alpha)
    if not pairs:
        verdict = f"No pair of methods is shown to differ by less than {margin} points."
    elif len(pairs) == len(result.pairs) > 1:
        verdict = f"All pairs of methods differ by less than {margin} points."
    else:
        verdict = f"{'; '.join(pairs)} differ by less than {margin} points."
    return verdict if result.largest is None else f"{verdict} {largest_difference(result.largest, level)}"


def largest_difference(largest: float, level: str) -> str:
    """The bound that simultaneous intervals put on all differences, in one sentence; `level` is "95%"."""
    return f"No difference is larger than {_unsigned(largest)} points (simultaneous {level} CI)."


def explain_methods(methods: Collection[str], alpha: float = ALPHA) -> tuple[str, ...]:
    """Sentences on the distributions behind p-values and intervals, for `Contrast.method` and the like."""
    level = confidence(alpha)
    sentences = {
        MAX_T: (
            f"p and the simultaneous {level} confidence intervals come from one distribution, that of the "
            "largest |t| (single-step max-t): p is below alpha exactly where the interval excludes 0."
        ),
        BONFERRONI: (
            f"With fewer than {MANY_DF + 1} participants, p and the simultaneous {level} confidence "
            "intervals are those of paired t tests with Bonferroni's correction."
        ),
        FEW: (
            "Comparisons of a method with fewer than 20 effective votes have intervals recovered from those "
            "of the shares (Clopper-Pearson at the effective number of answers, Bonferroni's correction)."
        ),
    }
    return tuple(sentence for method, sentence in sentences.items() if method in methods)


def _section(slug: str, heading: str, contrasts: Sequence[Contrast], alpha: float, subject: str) -> Section:
    record = {slug: [asdict(contrast) for contrast in contrasts]}
    if not contrasts:
        return Section(slug, heading, record=record)
    level = confidence(alpha)
    rows = tuple(
        (
            contrast.text,
            _value(contrast.difference),
            _ends(contrast.difference),
            fmt.UNDEFINED if contrast.t is None else f"t({contrast.df}) = {fmt.decimal(contrast.t)}",
            fmt.p_value(contrast.p, contrast.log10_p),
        )
        for contrast in contrasts
    )
    family = "" if len(contrasts) == 1 else "simultaneous "
    caption = f"Differences of mean shares in percentage points, with {family}{level} confidence intervals"
    marks = [_mark(contrast, alpha) for contrast in contrasts]
    headings = tuple(f"{level} CI" if name == "CI" else name for name in _HEADINGS)
    return Section(
        slug=slug,
        heading=heading,
        verdict=_verdict(contrasts, alpha),
        tables=(Table(slug, caption, headings, rows),),
        notes=explain_methods({contrast.method for contrast in contrasts}, alpha),
        charts=(difference_chart(slug, caption, f"{caption}: {describe(marks)}.", marks),),
        record=record,
        quantities=tuple(_quantity(contrast, slug) for contrast in contrasts),
        apa=tuple(_apa(contrast, level) for contrast in contrasts),
        method=(_method(contrasts, subject, level),),
    )


def _method(contrasts: Sequence[Contrast], subject: str, level: str) -> str:
    if len(contrasts) == 1:
        return f"{subject} were tested within participants by a paired t test."
    adjusted = any(contrast.method == MAX_T for contrast in contrasts)
    how = "single-step max-t adjusted" if adjusted else "Bonferroni adjusted"
    source = " (Hothorn et al., 2008)" if adjusted else ""
    return (
        f"{subject} were tested within participants by paired t tests, with {how} p values and simultaneous "
        f"{level} confidence intervals{source}."
    )


def _verdict(contrasts: Sequence[Contrast], alpha: float) -> str:
    significant = [c.text for c in contrasts if c.p is not None and c.p < alpha]
    if all(contrast.p is None for contrast in contrasts):
        return "No contrast can be tested."
    if len(contrasts) == 1:
        return f"{contrasts[0].text} is {'' if significant else 'not '}significant."
    verb = "is" if len(significant) == 1 else "are"
    return f"{len(significant)} of {len(contrasts)} contrasts {verb} significant."


def _mark(contrast: Contrast, alpha: float) -> Mark:
    difference = contrast.difference
    return Mark(
        contrast.text,
        difference.format(fmt.points),
        difference.value or 0.0,
        difference.low,
        difference.high,
        contrast.p is not None and contrast.p < alpha,
    )


def _quantity(contrast: Contrast, name: str) -> Quantity:
    return Quantity(
        "contrast" if name == "contrasts" else "difference to baseline",
        contrast.text,
        value=contrast.difference.value,
        low=contrast.difference.low,
        high=contrast.difference.high,
        statistic=contrast.t,
        df1=contrast.df,
        p=contrast.p,
        log10_p=contrast.log10_p,
    )


def _equivalence_quantity(pair: Equivalence) -> Quantity:
    difference = pair.difference
    return Quantity(
        "equivalence (TOST)", pair.a, pair.b, difference.value, difference.low, difference.high, p=pair.p
    )


def _apa(contrast: Contrast, level: str) -> str:
    difference = contrast.difference
    parts = [f"{_value(difference)} points", *_interval(difference, level)]
    if contrast.t is not None and contrast.method != FEW:
        parts.append(f"t({contrast.df}) = {fmt.decimal(contrast.t)}")
    if contrast.p is None:
        return (
            f"{contrast.text}: {', '.join(parts)}, not tested because it does not vary between participants."
        )
    return f"{contrast.text}: {', '.join([*parts, fmt.apa_p(contrast.p)])}."


def _apa_equivalence(pair: Equivalence, level: str) -> str:
    value = f"{_value(pair.difference)} points"
    if pair.p is None:
        return (
            f"Whether {pair.a} and {pair.b} are equivalent was not tested: their difference ({value}) does "
            "not vary between participants."
        )
    parts = [value, *_interval(pair.difference, level), fmt.apa_p(pair.p)]
    state = "equivalent" if pair.equivalent else "not shown to be equivalent"
    return f"{pair.a} and {pair.b} were {state}: {', '.join(parts)} (TOST)."


def _interval(difference: Estimate, level: str) -> list[str]:
    if difference.low is None or difference.high is None:
        return []
    return [f"{level} CI [{fmt.points(difference.low)}, {fmt.points(difference.high)}]"]


def _value(difference: Estimate) -> str:
    return fmt.UNDEFINED if difference.value is None else fmt.points(difference.value)


def _ends(difference: Estimate) -> str:
    return fmt.interval(difference.low, difference.high, fmt.points)


def _answer(equivalent: bool | None) -> str:
    return fmt.UNDEFINED if equivalent is None else ("yes" if equivalent else "no")


def _unsigned(difference: float) -> str:
    return fmt.points(abs(difference)).removeprefix("+")
