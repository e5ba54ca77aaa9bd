"""Any small vote table gives a report in every format, or one line: no crash, no warning, no NaN."""

import math
import re

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inference.omnibus import NAMES
from analysis.reporting.formats import paper
from analysis.reporting.formats.json import schema
from analysis.reporting.report import FORMATS, report
from analysis.votes.table import SIMULATED, VoteTable

# Names that a format could take for markup, a formula or a number, in several scripts.
METHODS = (
    *("A", "B", "C", "D", "方法", "אבג", "=1+1", "-x", "@z", "a,b", 'q"uote', "<b>x</b>", "x" * 120),
    *("a|b", "a_b", "{}", "\\cmd", "$m$", "100%", "A - B", "mean(A)", "1.5", "*s*", "[l](u)", "---"),
)
COLUMNS = ("question", "label", "position", "response_ms", "kind", "kept", "status", "checks_passed")
NONSENSE = (r"\bnan\b", r"\bNone\b(?! of)", r"(?<![\w-])inf\b", r"[-−]0\.0+(?![\d.])", r"100% conf", r"\(\)")


@st.composite
def tables(draw):
    """A vote table in which each answer has a random part of the columns that the package knows."""
    methods = draw(st.lists(st.sampled_from(METHODS), min_size=1, max_size=5, unique=True))
    columns = set(draw(st.lists(st.sampled_from([*COLUMNS, "condition", "simulated", "tie"]))))
    shown, none, partial = (draw(st.booleans()) for _ in range(3))
    rows = []
    for i in range(draw(st.integers(0, 12))):
        person = {
            "participant": f"p{i}",
            "status": draw(st.sampled_from(["complete", "complete", "Timed-Out", "odd"])),
            "checks_passed": draw(st.sampled_from(["5", "4", "0"])),
            "kept": draw(st.sampled_from(["true", "true", "false"])),
            "condition": draw(st.sampled_from(["x", "y", ""])),
            "simulated": draw(st.booleans()),
        }
        for j in range(draw(st.integers(0, 5))):
            least = min(2, len(methods)) if partial else len(methods)
            offer = draw(st.permutations(methods))[: draw(st.integers(least, len(methods)))]
            chosen = draw(st.sampled_from([*offer, offer[0], *([""] if none else [])]))
            answer = {
                "question": f"q{j}",
                "label": str(j % 3),
                "position": str(j + 1),
                "response_ms": draw(st.sampled_from(["300", "1500", "9000", ""])),
                "kind": draw(st.sampled_from(["scored", "scored", "check"])),
                "tie": draw(st.sampled_from(["true", "false"])) if not chosen else "false",
                "chosen_method": chosen,
            }
            row = {key: value for key, value in {**person, **answer}.items() if key in columns}
            row |= {"participant": person["participant"], "chosen_method": chosen}
            if shown:
                row |= {f"method_{n + 1}": offer[n] if n < len(offer) else "" for n in range(len(methods))}
                row["chosen_position"] = offer.index(chosen) + 1 if chosen else 0
            rows.append(row)
    return rows, methods


plans = st.fixed_dictionaries(
    {"primary": st.sampled_from(sorted(NAMES)), "alpha": st.sampled_from([0.05, 0.05, 0.3, 1e-6])},
    optional={
        "min_passed": st.sampled_from([0, 4]),
        "simulated": st.sampled_from(sorted(SIMULATED)),
        "by": st.just("condition"),
        "all_tests": st.just(True),
        "smallest_difference": st.sampled_from([0.05, 0.5]),
    },
)


@pytest.mark.slow
@settings(max_examples=12)
@given(tables(), plans, st.booleans())
def test_any_votes_give_every_format_or_one_line(table, plan, planned):
    rows, methods = table
    if planned and len(methods) > 1:
        plan = {**plan, "baseline": methods[0]}
    try:
        result = report(VoteTable.from_rows(rows), **plan)
        texts = written(result)
    except ValueError as error:
        refusal = str(error)
    else:
        check(result, texts)
        return
    assert refusal
    assert "\n" not in refusal


def check(result, texts):
    for name, text in texts.items():
        for nonsense in NONSENSE:
            assert not re.search(nonsense, text), (name, nonsense)
    jsonschema.validate(result.as_dict(), schema())
    assert all(map(math.isfinite, numbers_in(result.as_dict())))
    check_claims(result)


def written(result):
    """Every format but the JSON, which has null for what is undefined, without the page's style."""
    texts = {name: result.write(name).split("</style>")[-1] for name in FORMATS if name != "json"}
    files = paper.files(result.document)
    return texts | {name: files[name].decode() for name in ("results.tex", "methods.tex")}


def numbers_in(value):
    if isinstance(value, dict):
        return [x for part in value.values() for x in numbers_in(part)]
    if isinstance(value, list | tuple):
        return [x for part in value for x in numbers_in(part)]
    return [value] if isinstance(value, float) else []


def check_claims(result):
    """p and interval never contradict each other, and without a significant test nobody leads."""
    alpha = result.plan.alpha
    for share in result.shares:
        assert share.low is None or -1e-12 <= share.low <= share.share + 1e-12 <= share.high + 2e-12
    if not result.comparable:
        return
    test = result.omnibus.decisive if result.worths is None else result.worths.test
    if test.p is not None and test.p >= alpha:
        assert "no evidence that the methods differ" in result.answer
        assert "chosen most often" not in result.answer
    for pair in result.pairs:
        p, low, high = pair.p_simultaneous, pair.difference.low, pair.difference.high
        if p is not None and low is not None and not math.isclose(p, alpha, rel_tol=1e-9):
            assert (p < alpha) == (low > 0 or high < 0), pair
