import pytest

from analysis.inference.omnibus import NAMES, PROCEDURES, omnibus
from analysis.votes.table import VoteTable


@pytest.fixture
def normlime_tests(normlime_table):
    return omnibus(normlime_table.counts())


@pytest.fixture
def few(cast):
    """Four participants without a preference."""
    return cast("AAB", "AAC", "BBA", "CCA").counts()


@pytest.fixture
def disagreeing():
    """Twenty-four participants of whom Hotelling's test finds the small, consistent difference of B and C."""
    rows = [[10, 6, 4], [1, 10, 9], [10, 5, 5], [1, 10, 9], [9, 6, 5], [4, 8, 8]] * 4
    return VoteTable.from_rows(
        {"participant": f"p{i}", "chosen_method": method}
        for i, row in enumerate(rows)
        for method, votes in zip("ABC", row, strict=True)
        for _ in range(votes)
    ).counts()


def test_all_tests_stand_in_one_order(normlime_tests):
    assert list(normlime_tests.tests) == [name for name in NAMES if name != "pooled-wald"]


def test_by_default_the_primary_hotelling_permutation_and_the_classic_test_are_shown(normlime_tests):
    assert normlime_tests.shown_names == ("one-way", "repeated-measures", "hotelling", "permutation")


def test_all_tests_are_shown_when_asked_for(normlime_table):
    result = omnibus(normlime_table.counts(), all_tests=True)
    assert result.shown_names == tuple(result.tests)


def test_a_primary_test_is_shown_whatever_it_is(normlime_table):
    assert "friedman" in omnibus(normlime_table.counts(), primary="friedman").shown_names


def test_hotelling_s_test_is_not_shown_below_20_participants(cast):
    ballots = ["AAAB", "ABCC", "BBCA", "CBAA"] * 5
    assert "hotelling" not in omnibus(cast(*ballots[:19]).counts()).shown_names
    assert "hotelling" in omnibus(cast(*ballots).counts()).shown_names


def test_a_test_that_is_not_shown_is_not_computed(normlime_tests, monkeypatch):
    monkeypatch.setattr(
        "analysis.inference.omnibus.dirichlet_multinomial", lambda table: pytest.fail("computed")
    )
    assert len(normlime_tests.shown_results) == 4


def test_a_test_is_computed_once(normlime_tests):
    assert normlime_tests.tests["permutation"] is normlime_tests.tests["permutation"]


def test_each_result_has_its_statistic_and_null_hypothesis(normlime_tests, expected_by_r):
    result = normlime_tests.result("hotelling")
    assert result.statistic == pytest.approx(expected_by_r["hotelling"]["F"], rel=1e-9)
    assert (result.degrees_of_freedom, result.null_hypothesis) == ((3, 80), "equal mean shares")


def test_every_defined_test_has_fields_for_json(normlime_tests):
    for result in normlime_tests.results:
        assert isinstance(result.statistic, float), result.name
        assert (result.degrees_of_freedom == ()) == (result.name == "permutation")


def test_a_test_is_trusted_from_its_number_of_participants_on(normlime_tests, few):
    assert normlime_tests.result("hotelling").trusted
    assert not omnibus(few).result("hotelling").trusted
    assert not normlime_tests.result("one-way").trusted


def test_a_permutation_p_at_its_floor_is_an_upper_bound(normlime_tests):
    assert normlime_tests.result("permutation").p_phrase == "p ≤ 1e-4"
    assert normlime_tests.result("permutation").p_text == "≤ 1e-4"


def test_a_permutation_p_above_its_floor_is_an_equation(few):
    assert omnibus(few).result("permutation").p_phrase.startswith("p = 0.")


def test_agreement_speaks_of_tests_of_equal_mean_shares_only(normlime_tests):
    assert normlime_tests.agreement == (
        "Repeated-measures ANOVA (p = 1.08e-52) and Hotelling's T² (p = 8.38e-45) "
        "both reject equal mean shares."
    )


def test_without_hotelling_there_is_nothing_to_agree_with(few):
    agreement = omnibus(few).agreement
    assert agreement.startswith("Repeated-measures ANOVA does not reject equal mean shares (p = 0.")


def test_a_disagreement_names_both_tests(disagreeing):
    assert omnibus(disagreeing).agreement.startswith("Hotelling's T² (p = ")
    assert " rejects equal mean shares, Repeated-measures ANOVA (p = " in omnibus(disagreeing).agreement


def test_the_level_is_named_where_it_is_not_the_usual_one(normlime_table):
    assert omnibus(normlime_table.counts(), alpha=0.01).agreement.endswith(" equal mean shares at 0.01.")


def test_one_participant_leaves_every_test_undefined(cast):
    result = omnibus(cast("AAB").counts())
    assert result.agreement == "No test of equal mean shares is defined here."
    assert all(test.note for name, test in result.tests.items() if name != "friedman")


def test_every_test_that_controls_the_error_says_from_how_many_participants():
    for name, procedure in PROCEDURES.items():
        assert procedure.controls_error == (procedure.min_participants is not None), name


def test_an_unknown_primary_test_is_refused(cast):
    with pytest.raises(ValueError, match=r"^primary must be one of one-way, welch, .* \(got 'anova'\)$"):
        omnibus(cast("AAB", "AB").counts(), primary="anova")
