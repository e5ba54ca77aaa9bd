from collections import Counter, namedtuple
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.designing.sampling import block, round_length
from survey.models import Participation
from survey.models.plans import draw_plan

pytestmark = pytest.mark.django_db
Q = namedtuple("Q", "pk label replicate")
TWENTY = [Q(n, str(n % 10), n // 10 + 1) for n in range(20)]


def codes(pairs):
    return [question.pk for question, _ in pairs]


@given(n_shown=st.integers(1, 19), seed=st.integers(0, 2**63), rounds=st.integers(1, 3))
def test_after_a_round_each_question_was_asked_equally_often(n_shown, seed, rounds):
    places = range(rounds * round_length(20, n_shown))
    asked = Counter(pk for place in places for pk in codes(block(TWENTY, n_shown, seed, place)))
    assert len(asked) == 20
    assert len(set(asked.values())) == 1


@given(n_shown=st.integers(1, 19), seed=st.integers(0, 2**63), place=st.integers(0, 500))
def test_nobody_gets_a_question_twice(n_shown, seed, place):
    assert len(set(codes(block(TWENTY, n_shown, seed, place)))) == n_shown


@given(n_shown=st.integers(1, 20), seed=st.integers(0, 2**63))
def test_turns_of_a_question_count_up_without_a_gap(n_shown, seed):
    turns = {}
    for place in range(2 * round_length(20, n_shown)):
        for question, turn in block(TWENTY, n_shown, seed, place):
            turns.setdefault(question.pk, []).append(turn)
    assert all(found == list(range(len(found))) for found in turns.values())


def test_ten_of_twenty_questions_are_of_ten_classes():
    for place in range(8):
        assert len({question.label for question, _ in block(TWENTY, 10, 1, place)}) == 10


def test_any_two_questions_meet():
    pairs = Counter()
    for place in range(400):
        pairs.update(combinations(sorted(codes(block(TWENTY, 10, 3, place))), 2))
    assert min(pairs.values()) > 0


def test_who_gets_all_questions_has_the_place_as_turn():
    assert block(TWENTY, None, 1, 7) == [(question, 7) for question in TWENTY]


def test_a_participant_is_asked_as_many_scored_questions_as_the_study_says(draft_study):
    type(draft_study).objects.filter(pk=draft_study.pk).update(n_shown=8)
    draft_study.refresh_from_db()
    draft_study.open()
    someone = Participation.objects.enrol(draft_study, "someone")
    kinds = Counter(someone.plan.values_list("question__kind", flat=True))
    assert kinds == {"scored": 8, "check": 5, "practice": 1}
    assert someone.last_position == 13


def test_sampled_questions_show_each_option_in_each_place_equally_often(draft_study):
    draft_study.n_shown = 5
    orders = {}
    for place in range(16):  # four rounds of four places: each question is asked of four people
        for planned in draw_plan(draft_study, seed=place, place=place):
            if planned.question.kind == "scored":
                orders.setdefault(planned.question_id, []).append(planned.option_order)
    for drawn in orders.values():
        for at_a_place in zip(*drawn, strict=True):
            assert sorted(at_a_place) == list("1234")
