"""The report's JSON gives the numbers of R 4.2.2 (cases/r/compute.R) on five tables of counts."""

import csv
import json
from pathlib import Path

import pytest

from analysis.reporting.report import report
from analysis.votes.table import VoteTable

CASES = Path(__file__).parents[1] / "cases" / "r"
EXPECTED = json.loads((CASES / "expected.json").read_text())


def vote_table(name):
    """One row for each answer; answers "none of these" have position 0."""
    with (CASES / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    none = {"chosen_method": "", "chosen_position": 0}
    return VoteTable.from_rows(
        {
            "participant": row["participant"],
            **(none if method == "none" else {"chosen_method": method, "chosen_position": 1}),
        }
        for row in rows
        for method in row
        if method != "participant"
        for _ in range(int(row[method]))
    )


@pytest.fixture(scope="module", params=EXPECTED)
def both(request):
    """A report's JSON, and R's numbers."""
    return json.loads(report(vote_table(request.param)).write("json")), EXPECTED[request.param]


def numbers(record):
    """The numbers that R computes, in R's structure but for the pairs."""
    tests, within, friedman = record["tests"], record["repeated_measures"], record["friedman"]
    hotelling = tests["hotelling"]
    df1, df2 = hotelling["degrees_of_freedom"]
    return {
        "one_way": {name: record["anova"][name] for name in ("F", "p", "eta_squared")},
        "welch": {
            "F": tests["welch"]["statistic"],
            "df": tests["welch"]["degrees_of_freedom"][1],
            "p": tests["welch"]["p"],
        },
        "repeated_measures": {name: within[name] for name in ("F", "epsilon", "p")},
        "hotelling": {
            "T2": hotelling["statistic"] * df1 * (df1 + df2 - 1) / df2,
            "F": hotelling["statistic"],
            "p": hotelling["p"],
        },
        "friedman": {name: friedman[name] for name in ("Q", "p", "W")},
    }


def pairs_of(record):
    """Each pair with the difference, t, Holm-adjusted p and Tukey's interval and p."""
    paired = {(pair["a"], pair["b"]): pair for pair in record["estimates"]["pairs"]}
    return {
        (tukey["a"], tukey["b"]): {
            "difference": tukey["difference"],
            "t": paired[tukey["a"], tukey["b"]]["t"],
            "holm_p": paired[tukey["a"], tukey["b"]]["p"],
            "tukey_low": tukey["low"],
            "tukey_high": tukey["high"],
            "tukey_p": tukey["p"],
        }
        for tukey in record["tukey"]
    }


@pytest.mark.parametrize("test", ["one_way", "welch", "repeated_measures", "hotelling", "friedman"])
def test_an_omnibus_test_is_that_of_r(both, test):
    record, r = both
    expected = {
        name: value if value is None else pytest.approx(value, rel=1e-11, abs=0)
        for name, value in r[test].items()
    }
    assert numbers(record)[test] == expected


@pytest.mark.parametrize("name", ["difference", "t", "holm_p"])
def test_paired_comparisons_are_those_of_r(both, name):
    check_pairs(*both, name, rel=1e-11)


@pytest.mark.parametrize("name", ["tukey_low", "tukey_high", "tukey_p"])
def test_tukey_s_comparisons_are_those_of_r(both, name):
    check_pairs(*both, name, abs=1e-9)  # R's ptukey has an error of about 1e-10


def check_pairs(record, r, name, **tolerance):
    ours = pairs_of(record)
    for pair in r["pairs"]:
        a, b = pair["a"], pair["b"]
        flipped = (a, b) not in ours
        value = ours[(b, a) if flipped else (a, b)]
        mirrored = {"tukey_low": "tukey_high", "tukey_high": "tukey_low"}.get(name, name) if flipped else name
        sign = -1 if flipped and name not in ("holm_p", "tukey_p") else 1
        assert sign * value[mirrored] == pytest.approx(pair[name], **tolerance), (a, b)
