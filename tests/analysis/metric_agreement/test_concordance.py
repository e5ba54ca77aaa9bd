"""Votes that follow a metric, or that know nothing of it; and the report that says so."""

import json

import numpy as np
import pytest
from scipy import stats

from analysis.__main__ import main
from analysis.metric_agreement.choice_sets import Choices, choices
from analysis.metric_agreement.concordance import _correlate_within_questions, concordance
from analysis.metric_agreement.metric_table import MetricTable, MetricTableError
from analysis.reporting.report import report
from analysis.votes.table import VoteTable

METHODS = ("A", "B", "C", "D")
QUESTIONS = [(label, replicate) for label in "0123456789" for replicate in "12"]


def metric_table(values, name="road", better="higher", title=""):
    """A table of one metric; `values` is (questions, methods), or (methods,) for all classes."""
    rows = ["method,label,replicate,metric,value,better"]
    for row, (label, replicate) in zip(np.atleast_2d(values).tolist(), QUESTIONS, strict=False):
        where = label if np.ndim(values) == 2 else ""
        rows += [f"{m},{where},{replicate},{name},{v},{better}" for m, v in zip(METHODS, row, strict=True)]
    data = "\n".join(rows).encode()
    return MetricTable.from_csv(titled(data, title) if title else data, "metrics.csv")


def titled(metrics, title):
    """The same table with a column `metric_title`, every row of it this title."""
    head, *rows = metrics.decode().splitlines()
    return "\n".join([f"{head},metric_title", *(f'{row},"{title}"' for row in rows)]).encode()


def vote_table(appeal, people=40, seed=0, shuffled=True):
    """Each person votes once a question, by appeal (questions, methods) and chance."""
    rng, rows = np.random.default_rng(seed), []
    for person in range(people):
        for (label, replicate), worth in zip(QUESTIONS, appeal, strict=True):
            chosen = METHODS[(worth + rng.gumbel(size=4)).argmax()]
            shown = rng.permutation(METHODS) if shuffled else METHODS
            offered = {f"method_{place}": name for place, name in enumerate(shown, start=1)}
            about = {"participant": f"p{person}", "label": label, "replicate": replicate}
            rows.append({**about, **offered, "chosen_method": chosen})
    return VoteTable.from_rows(rows)


@pytest.fixture(scope="module")
def appeal():
    return np.random.default_rng(5).standard_normal((20, 4))


@pytest.fixture(scope="module")
def table(appeal):
    return vote_table(appeal)


def only(table, metrics):
    [row] = concordance(table, table.counts(), metrics, replicates=300).metrics
    return row


def test_the_rank_correlation_is_that_of_the_shares_of_the_maps(table):
    values = np.random.default_rng(1).random((20, 4))
    votes = table.answers.groupby(["label", "replicate", "chosen_method"], observed=False).size()
    shares = [[votes.get((*question, method), 0) / 40 for method in METHODS] for question in QUESTIONS]
    expected = stats.spearmanr(values.ravel(), np.ravel(shares)).statistic
    assert only(table, metric_table(values)).correlation.value == pytest.approx(expected)


def test_a_metric_that_people_follow_agrees_and_predicts_more_than_chance(table, appeal):
    row = only(table, metric_table(appeal))
    assert row.correlation.low > 0.5
    assert row.correlation.low < row.correlation.value < row.correlation.high
    assert row.predicted.low > 0.25
    assert row.odds.ratio.low > 1
    assert row.p_maps == pytest.approx(1 / 2000)


def test_correlations_of_questions_that_cancel_are_none_at_all():
    """-0.6, 0.8 and -0.2, of four maps each: what rounding leaves of their sum is not printed."""
    ranks = np.array([[3.0, 4, 1, 2], [1, 2, 4, 3], [4, 1, 2, 3]])
    maps = tuple(("A", str(number), "1") for number in range(ranks.size))
    vote = np.zeros(1, dtype=int)
    found = Choices(maps, np.arange(ranks.size).reshape(ranks.shape), vote, vote, vote)
    assert _correlate_within_questions(np.tile([1.0, 2, 3, 4], 3), found, ranks.reshape(1, -1)).tolist() == [
        0.0
    ]


def test_of_a_metric_that_is_better_lower_less_is_more(table, appeal):
    there, back = only(table, metric_table(appeal)), only(table, metric_table(-appeal, better="lower"))
    assert there.correlation == back.correlation
    assert there.odds.ratio == back.odds.ratio


def test_the_odds_ratio_is_the_one_that_made_the_votes(appeal):
    row = only(vote_table(appeal, people=200), metric_table(appeal))
    assert np.log(row.odds.ratio.value) == pytest.approx(appeal.std(), rel=0.08)


def test_a_metric_of_random_numbers_is_not_found_with_the_map_as_the_unit(appeal):
    table = vote_table(appeal)
    ps = [only(table, metric_table(np.random.default_rng(s).random((20, 4)))).p_maps for s in range(20)]
    assert sum(p < 0.05 for p in ps) <= 3


def test_a_metric_that_only_knows_the_method_adds_nothing_beyond_it():
    favourite = np.tile([1.0, 0.5, 0.0, -0.5], (20, 1))
    noise = 0.3 * np.random.default_rng(2).standard_normal((20, 4))
    row = only(vote_table(favourite), metric_table(favourite + noise))
    assert row.odds.p < 1e-6
    assert row.beyond.ratio.low < 1 < row.beyond.ratio.high


def test_the_favourite_is_named_by_the_votes_of_the_others(cast):
    shown = {f"method_{i}": name for i, name in enumerate("AB", start=1)} | {"label": "0", "replicate": "1"}
    table = cast("AAA", "B", "B", **shown)
    found = concordance(table, table.counts(), metric_table([1.0, 2.0, 3.0, 4.0]), replicates=50)
    # for p0 the others say B: none of 3 right; for p1 and p2 the others say A, three to one: none right
    assert found.favourite.value == 0
    assert found.chance == 0.5


def test_a_tie_of_the_metric_predicts_a_part_of_a_vote(table):
    row = only(table, metric_table(np.tile([1.0, 1.0, 0.0, 0.0], (20, 1)) + np.arange(20)[:, None]))
    upper = table.answers["chosen_method"].isin(["A", "B"]).mean()
    assert row.predicted.value == pytest.approx(upper / 2)


def test_one_value_a_method_is_said_and_not_shuffled(table):
    result = report(table, metrics=metric_table([4.0, 3.0, 2.0, 1.0], "kar", "lower"))
    [row] = result.concordance.metrics
    assert (row.of_methods, row.p_maps) == (True, None)
    assert "One value for each method: kar." in result.write("text")


def test_the_order_of_the_options_on_the_page_does_not_matter(appeal, table):
    votes = table.answers.astype(object)
    assert len(choices(votes).questions) == 20
    assert choices(votes).times_offered.sum() == 4 * len(votes)


def test_votes_without_classes_have_nothing_to_compare(cast):
    table = cast("AAB", "ABB")
    result = report(table, metrics=metric_table([1.0, 2.0, 3.0, 4.0]))
    assert result.concordance.note.startswith("the votes lack label, replicate")
    assert "Nothing to compare: the votes lack label" in result.write("text")


def test_metrics_of_other_maps_are_said_to_be_of_none(table):
    other = MetricTable.from_csv(b"method,label,replicate,metric,value,better\nX,0,1,road,1,higher\n", "m")
    note = concordance(table, table.counts(), other).note
    assert note == "no metric has values for the maps in the votes, such as A/0/1; B/0/1"


def test_the_report_says_how_little_so_many_maps_can_show(table, appeal):
    result = report(table, metrics=metric_table(appeal))
    assert result.concordance.detectable == pytest.approx(np.tanh(2.8016 * np.sqrt(1.06 / 77)), abs=1e-3)
    told = " ".join(result.write("text").split())
    assert (
        "80 maps in 20 questions. With so many maps, more than one study in five misses a true rank" in told
    )


def test_every_form_of_the_report_has_the_agreement(table, appeal):
    result = report(table, metrics=metric_table(appeal))
    shown = result.concordance.metrics[0].correlation.format(lambda x: f"{x:.2f}")
    for text in (result.write("text"), result.write("html"), result.write("markdown")):
        assert shown in text
        assert "Do metrics and people agree?" in text
    record = json.loads(result.write("json"))["metric_agreement"]
    assert record["metrics"][0]["correlation"]["value"] == result.concordance.metrics[0].correlation.value
    assert "rank correlation over maps,road," in result.write("csv")
    assert "Rank correlation of metrics and votes" in result.write("html")


def test_people_read_the_title_of_a_metric_and_programs_its_short_name_too(table, appeal):
    title = "ROAD, most relevant first"
    result = report(table, metrics=metric_table(appeal, "road-morf", title=title))
    for text in (
        result.write("text"),
        result.write("html"),
        result.write("markdown"),
        result.chart("metrics").svg,
    ):
        assert title in text
        assert "road-morf" not in text
    row = json.loads(result.write("json"))["metric_agreement"]["metrics"][0]
    assert (row["metric"], row["title"]) == ("road-morf", title)
    assert f'rank correlation over maps,road-morf,"{title}",' in result.write("csv")


def test_a_metric_has_one_title(appeal):
    data = b"method,label,replicate,metric,value,better,metric_title\nA,0,1,road,1,higher,ROAD\n"
    with pytest.raises(MetricTableError) as refused:
        MetricTable.from_csv(data + b"B,0,1,road,2,higher,Road\n", "m.csv")
    expected = "m.csv, row 3, column metric_title: 'road' is 'ROAD' in rows above, not 'Road'"
    assert str(refused.value) == expected


def test_a_report_without_metrics_has_no_such_part(table):
    result = report(table)
    assert result.concordance is None
    assert "Do metrics and people agree?" not in result.write("text")
    assert json.loads(result.write("json"))["metric_agreement"] is None


def test_too_many_metrics_for_the_questions_are_not_put_in_one_model(table):
    rng, text = np.random.default_rng(0), "method,label,replicate,metric,value,better"
    for number in range(13):
        lines = [f"{m},{q[0]},{q[1]},m{number},{rng.random()},higher" for q in QUESTIONS for m in METHODS]
        text += "\n" + "\n".join(lines)
    found = concordance(table, table.counts(), MetricTable.from_csv(text.encode(), "m"), replicates=20)
    assert found.joint == {}
    assert found.joint_note.startswith(
        "No model of all 13 metrics together: the 20 questions have 60 contrasts"
    )


def test_the_command_takes_metrics(table, appeal, tmp_path, capsys):
    votes, metrics = tmp_path / "votes.csv", tmp_path / "metrics.csv"
    table.answers.astype(object).to_csv(votes, index=False)
    metrics.write_text(
        "method,label,replicate,metric,value,better\nA,0,1,road,1,higher\nB,0,1,road,2,higher\n"
    )
    assert main(["report", str(votes), "--metrics", str(metrics)]) == 0
    assert "Do metrics and people agree?" in capsys.readouterr().out
    assert main(["report", str(votes), "--metrics", str(tmp_path / "none.csv")]) == 2
    assert capsys.readouterr().err.endswith(
        "none.csv: no such file; give the path of a table of metrics in CSV\n"
    )
