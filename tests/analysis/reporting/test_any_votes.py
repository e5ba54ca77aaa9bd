"""Any small vote table gives a report in every form, or one line: no crash, no warning, no NaN."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inference.omnibus import names
from analysis.reporting.report import report
from analysis.votes.table import VoteTable, VoteTableError

METHODS = ("A", "B", "C", "D")
answer = st.fixed_dictionaries(
    {"chosen_method": st.sampled_from(["A", "A", "B", "C", "D", ""])},
    optional={
        "label": st.sampled_from(["0", "1", ""]),
        "position": st.sampled_from(["1", "2", "3", ""]),
        "response_ms": st.sampled_from(["0", "300", "1500", "9000", "", "soon"]),
        "kind": st.sampled_from(["scored", "scored", "check", "practice"]),
    },
)
person = st.tuples(
    st.lists(answer, max_size=5),
    st.sampled_from(["complete", "complete", "timed out"]),
    st.sampled_from(["5", "4", "0"]),
)


def table_of(people, columns):
    """Each answer with its question, its four options and the place of the chosen one."""
    rows = []
    for i, (answers, status, passed) in enumerate(people):
        for j, given_ in enumerate(answers):
            row = {"participant": f"p{i}", "kind": "scored", **given_, "question": f"q{j}"}
            row |= {"status": status, "checks_passed": passed, "kept": status == "complete"}
            row |= {f"method_{n}": method for n, method in enumerate(METHODS, start=1)}
            if row["chosen_method"]:
                row["chosen_position"] = METHODS.index(row["chosen_method"]) + 1
            rows.append({name: row.get(name, "") for name in ("participant", "chosen_method", *columns)})
    return VoteTable.from_rows(rows)


def numbers_in(value):
    if isinstance(value, dict):
        return [x for part in value.values() for x in numbers_in(part)]
    if isinstance(value, list | tuple):
        return [x for part in value for x in numbers_in(part)]
    return [value] if isinstance(value, float) else []


OPTIONAL = ("question", "label", "position", "chosen_position", "response_ms", "kind", "kept")
columns = st.lists(
    st.sampled_from([*OPTIONAL, "status", "checks_passed", *(f"method_{n}" for n in range(1, 5))])
)


@pytest.mark.slow
@settings(max_examples=15)
@given(
    st.lists(person, max_size=6),
    columns,
    st.sampled_from([None, 0, 4]),
    st.sampled_from(names()),
    st.sampled_from([0.05, 0.001, 1e-6]),
)
def test_any_votes_give_every_form_or_one_line(people, columns, min_passed, primary, alpha):
    try:
        result = report(table_of(people, columns), min_passed=min_passed, primary=primary, alpha=alpha)
    except VoteTableError as error:
        refusal = str(error)
    else:
        check(result)
        return
    assert refusal
    assert "\n" not in refusal


def check(result):
    said = (
        result.write("text")
        + result.write("markdown")
        + result.write("latex")
        + result.write("csv")
        + result.write("apa").strip()
    )
    for nonsense in (r"\bnan\b", r"\bNone\b", r"\binf\b", r"-0\.0\b", r"−0\.0+\b"):
        assert not re.search(nonsense, said), nonsense
    assert all(map(math.isfinite, numbers_in(result.as_dict())))
    assert min(share.share for share in result.shares) >= 0
    result.write("html")
