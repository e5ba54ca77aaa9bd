"""Section: the omnibus tests, each with its null hypothesis."""

from analysis import formatting as fmt
from analysis.inference.degenerate import instead
from analysis.inference.omnibus import NAMES
from analysis.reporting.elements import Section, Table
from analysis.reporting.results import Results

_HEADING = "Do the methods differ at all?"
_ONE_METHOD = "undefined: there is only one method"


def section(results: Results) -> Section:
    if results.omnibus is None:
        return Section("tests", _HEADING, record=_record(results))
    tests = results.omnibus.tests
    rows = tuple(
        (NAMES[name], test.statement, fmt.p_value(test.p, test.log10_p)) for name, test in tests.items()
    )
    return Section(
        slug="tests",
        heading=_HEADING,
        verdict="",
        tables=(Table("tests", "Omnibus tests", ("Test", "Statistic", "p"), rows),),
        notes=tuple(filter(None, [instead(results.counts, results.plan.seed)])),
        record=_record(results),
    )


def _record(results: Results) -> dict[str, object]:
    return {}
