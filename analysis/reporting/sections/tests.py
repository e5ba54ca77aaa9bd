"""Section: the omnibus tests, each with its null hypothesis and when it can be trusted."""

from analysis import formatting as fmt
from analysis.inference.omnibus import Omnibus, Result
from analysis.inference.rank_tests import RankPairs
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results
from analysis.reporting.sections import classic
from analysis.significance import level_suffix

_HEADING = "Do the methods differ at all?"
_ONE_METHOD = "undefined: there is only one method"
# In the paper's own section.
_CLASSIC = frozenset({"one-way"})


def section(results: Results) -> Section:
    omnibus = results.omnibus
    if omnibus is None:
        return Section("tests", _HEADING, record=_record(omnibus))
    shown = [test for test in omnibus.shown_results if test.name not in _CLASSIC or test.primary]
    tables = [_tests(shown), _effects(results)]
    if omnibus.all_tests and omnibus.rank_pairs is not None:
        tables.append(_ranks(omnibus.rank_pairs))
    primary = omnibus.result(omnibus.primary)
    return Section(
        slug="tests",
        heading=_HEADING,
        verdict=_verdict(primary, results.plan.alpha),
        tables=tuple(tables),
        notes=tuple(_notes(results, omnibus, shown)),
        caveat="" if primary.controls_error else classic.caveat(results),
        record=_record(omnibus),
        quantities=tuple(_quantities(results, omnibus)),
        apa=_apa(results, primary),
        method=(_method(results, primary),),
    )


def _verdict(primary: Result, alpha: float) -> str:
    if primary.p is None:
        return f"The primary test ({primary.title}) is undefined."
    answer = "Yes" if primary.p < alpha else "There is no evidence of it"
    return f"{answer}: {primary.title}{level_suffix(alpha)}, {primary.statement}, {primary.p_phrase}."


def _tests(tests: list[Result]) -> Table:
    rows = tuple(
        (
            f"{test.title} (primary)" if test.primary else test.title,
            test.null_hypothesis,
            _trust(test),
            test.statement,
            test.p_text,
        )
        for test in tests
    )
    headings = ("Test", "Null hypothesis", "Controls type I error", "Statistic", "p")
    return Table("tests", "Omnibus tests", headings, rows, left=3)


def _trust(test: Result) -> str:
    if not test.controls_error:
        return "no"
    return f"from {test.min_participants} participants" + ("" if test.trusted else ": not here")


def _effects(results: Results) -> Table:
    """Effect sizes without intervals: those of the bootstrap miss the truth in up to 20% of studies."""
    assert results.omnibus is not None
    effects = {
        "partial eta squared (repeated measures)": results.omnibus.repeated_measures.partial_eta_squared,
        **{name: effect.value for name, effect in results.estimates.effects.items()},
    }
    rows = tuple((name, fmt.share_of_variance(value)) for name, value in effects.items())
    return Table("effect-sizes", "Effect sizes, without intervals", ("Effect size", "Estimate"), rows)


def _ranks(ranks: RankPairs) -> Table:
    rows = tuple(
        (
            f"{pair.a} {fmt.MINUS} {pair.b}",
            fmt.decimal(pair.difference),
            fmt.p_value(pair.conover_p, pair.conover_log10_p),
            fmt.p_value(pair.nemenyi_p, pair.nemenyi_log10_p),
        )
        for pair in ranks.pairs
    )
    headings = ("Pair", "Difference of mean ranks", "p (Conover, Holm)", "p (Nemenyi)")
    caption = "Pairs by rank; the null hypothesis is that methods are exchangeable within participants"
    return Table("rank-differences", caption, headings, rows)


def _notes(results: Results, omnibus: Omnibus, tests: list[Result]) -> list[str]:
    notes = [sentence for sentence in (results.substitute_test, omnibus.agreement) if sentence]
    notes += [f"{test.title}: {test.note}." for test in tests if test.note]
    epsilon = omnibus.repeated_measures.epsilon
    if epsilon is not None:
        notes.append(
            f"The degrees of freedom of the repeated-measures ANOVA are Greenhouse–Geisser corrected, "
            f"ε = {epsilon:.3f}."
        )
    if not omnibus.all_tests:
        notes.append("Tests of other null hypotheses are not shown (option --all-tests).")
    return notes


def _record(omnibus: Omnibus | None) -> dict[str, object]:
    return {
        "repeated_measures": _fields(
            omnibus and omnibus.repeated_measures,
            *("F", "df_between", "df_within", "epsilon", "p", "log10_p"),
            *("p_uncorrected", "partial_eta_squared", "note"),
        ),
        "friedman": _fields(omnibus and omnibus.friedman, "Q", "df", "p", "log10_p", "W", "note"),
        "tests": {test.name: _test_record(test) for test in (omnibus.results if omnibus else ())},
        "agreement": omnibus.agreement if omnibus else _ONE_METHOD,
    }


def _fields(result: object, *names: str) -> dict[str, object]:
    """The named attributes of a result; null and the reason without one."""
    if result is None:
        return {name: _ONE_METHOD if name == "note" else None for name in names}
    return {name: getattr(result, name) for name in names}


def _test_record(test: Result) -> dict[str, object]:
    return {
        "p": test.p,
        "log10_p": test.log10_p,
        "statement": test.statement,
        "note": test.note,
        "statistic": test.statistic,
        "degrees_of_freedom": list(test.degrees_of_freedom),
        "null_hypothesis": test.null_hypothesis,
        "controls_type_i_error": test.controls_error,
        "from_participants": test.min_participants,
    }


def _quantities(results: Results, omnibus: Omnibus) -> list[Quantity]:
    rows = [Quantity(name, value=effect.value) for name, effect in results.estimates.effects.items()]
    for test in omnibus.results:
        df1, df2 = (*test.degrees_of_freedom, None, None)[:2]
        rows.append(
            Quantity(test.title, statistic=test.statistic, df1=df1, df2=df2, p=test.p, log10_p=test.log10_p)
        )
    return rows


def _apa(results: Results, primary: Result) -> tuple[str, ...]:
    if primary.p is None:
        return ()
    verb = "differed" if primary.p < results.plan.alpha else "did not differ significantly"
    caveat = "" if primary.controls_error else f" {classic.caveat(results)}"
    return (
        f"Shares {verb} between methods ({_lower(primary.title)}{level_suffix(results.plan.alpha)}), "
        f"{primary.statement}, {fmt.apa_p(primary.p)}{_apa_effect(results)}.{caveat}",
    )


def _apa_effect(results: Results) -> str:
    assert results.omnibus is not None
    within, name = results.omnibus.repeated_measures, results.plan.primary
    if name == "repeated-measures" and within.partial_eta_squared is not None and within.epsilon is not None:
        eta, epsilon = (fmt.apa_share(x) for x in (within.partial_eta_squared, within.epsilon))
        return f", partial η² = {eta}, Greenhouse–Geisser ε = {epsilon}"
    if name == "one-way" and results.omnibus.one_way.eta_squared is not None:
        return f", η² = {fmt.apa_share(results.omnibus.one_way.eta_squared)}"
    if name == "friedman" and results.omnibus.friedman.W is not None:
        return f", Kendall's W = {fmt.apa_share(results.omnibus.friedman.W)}"
    return ""


def _method(results: Results, primary: Result) -> str:
    cited = {
        "repeated-measures": " with Greenhouse–Geisser correction [@greenhouse1959methods]",
        "hotelling": " [@hotelling1931generalization]",
    }.get(primary.name, "")
    return (
        f"The primary test was {_lower(primary.title)} of the participants' shares{cited}, at a significance "
        f"level of {results.plan.alpha:g}; its null hypothesis is {primary.null_hypothesis}."
    )


def _lower(title: str) -> str:
    """A test's title within a sentence; names of people keep their capital."""
    return (
        title[0].lower() + title[1:] if title.startswith(("One", "Repeated", "Permut", "Cluster")) else title
    )
