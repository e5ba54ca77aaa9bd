import csv
import io
import re

import pytest

from analysis.__main__ import FORMS, main
from analysis.reporting.report import report
from analysis.votes.table import VoteTable


@pytest.fixture
def normlime(normlime_table):
    return report(normlime_table)


def test_the_apa_paragraph_of_the_normlime_table(normlime):
    assert (
        normlime.write("apa")
        .strip()
        .startswith(
            "The shares of votes of the 83 participants differed between the methods (Repeated-measures ANOVA: "
            "F(2.07, 170.05) = 253.66, p < .001, partial η² = .756). Shares: NormLIME 56.6 %, 95 % CI [53.6 %, "
            "59.6 %]; "
        )
    )
    assert normlime.write("apa").strip().endswith("VarGrad − SmoothGrad, +1.1 [−2.4, +4.7], p = .404.")


def test_a_p_just_below_5_percent_is_not_rounded_to_it():
    from analysis.reporting.forms import _apa_p

    assert _apa_p(0.0495, None) == "p = .0495"
    assert _apa_p(0.04996, None) == "p = .04996"
    assert _apa_p(0.9999, None) == "p > .999"


def test_no_difference_is_not_reported_as_one(cast):
    assert " did not differ significantly " in report(cast("AAB", "ABC", "BCA", "CBA")).write("apa").strip()
    assert report(cast("AAB")).write("apa").strip() == report(cast("AAB")).answer


def test_markdown_has_every_table_of_the_text(normlime):
    form = normlime.write("markdown")
    for _, tables, _ in normlime.chapters:
        for table in tables:
            assert all(f"| {cell} " in form.replace("\\", "") for row in table.rows for cell in row if cell)
    assert form.count("\n## ") == len(normlime.chapters)


def test_latex_has_no_sign_that_latex_would_take_for_its_own(cast):
    form = report(cast(["a_b", "50%", "c"], ["a_b", "a_b", "c"], ["a_b", "50%", "50%"])).write("latex")
    assert r"a\_b" in form
    assert r"50\%" in form
    assert form.count(r"\begin{tabular}") == form.count(r"\end{tabular}") == 2
    assert all(row.endswith(r"\\") for row in form.splitlines() if " & " in row)


def test_csv_has_all_digits(normlime):
    rows = list(csv.DictReader(io.StringIO(normlime.write("csv"))))
    tukey = {(r["a"], r["b"]): r for r in rows if r["quantity"] == "difference (Tukey)"}
    pair = normlime.tukey.pairs[0]
    assert float(tukey[pair.a, pair.b]["p"]) == pair.p
    assert {"share", "ratio", "Cohen's h", "eta squared", "Friedman test"} <= {r["quantity"] for r in rows}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_comes_from_the_shell_the_same_each_time(normlime_path, form, capfdbinary):
    outputs = []
    for _ in range(2):
        assert main(["report", str(normlime_path), "--format", form]) == 0
        outputs.append(capfdbinary.readouterr().out)
    assert outputs[0] == outputs[1]
    assert not re.search(rb"\b(nan|None)\b", outputs[0].split(b"</style>")[-1])


@pytest.mark.parametrize("ballots", [("A",), ("AB",), ("AAB", "AAB"), ("AA", "AA")])
def test_degenerate_votes_give_every_form(cast, ballots):
    for form in FORMS.values():
        assert form(report(cast(*ballots)))


def test_the_source_names_seed_hash_and_versions(normlime_table):
    result = report(VoteTable.from_frame(normlime_table.answers), seed=7)
    data = result.as_dict()
    assert data["seed"] == 7
    assert len(data["source"]["sha256"]) == 64
    assert {"numpy", "pandas", "scipy"} <= set(data["versions"])
    assert result.source.endswith("seed 7")
