import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from survey import monitoring
from survey.models import Participation, Study

pytestmark = pytest.mark.django_db

LIVE = "/studio/studies/digits/live/"
PAGES = ["live", "live_numbers", "left_out", "close_study"]


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def enrol(study, *names, **options):
    return [Participation.objects.enrol(study, name, **options) for name in names]


@pytest.fixture
def filling_study(open_study, answer):
    """Two are kept, one failed checks, one is in the middle, one gave up at question 4; and a program."""
    Study.objects.update(quota=10)
    kept, second, careless, halfway, gone = enrol(open_study, "a", "b", "careless", "halfway", "gone")
    for participation in (kept, second):
        answer(participation, 26)
    answer(careless, 26, wrong_checks=3)
    answer(halfway, 7)
    answer(gone, 4)
    Participation.objects.filter(pk=gone.pk).update(active_at=timezone.now() - timedelta(days=2))
    answer(enrol(open_study, "bot", simulated=True)[0], 26)
    return Study.objects.get()


def test_the_counts_tell_people_apart_by_how_they_are_doing(filling_study):
    counts = monitoring.counts(filling_study)
    assert (counts.enrolled, counts.under_way, counts.complete) == (5, 2, 3)
    assert (counts.kept, counts.failed_checks, counts.kept_lately) == (2, 1, 2)
    assert monitoring.counts(filling_study, simulated=True).enrolled == 1


def test_a_dropout_is_counted_at_the_question_that_came_next(filling_study):
    assert [(one.position, one.people) for one in monitoring.dropouts(filling_study)] == [(4, 1)]


def test_why_people_were_left_out_is_said(researcher, filling_study):
    assert [(one.reason, one.people) for one in monitoring.exclusions(filling_study)] == [
        ("2 of 5 attention checks passed, 4 needed", 1)
    ]
    listed = text(researcher.get(reverse("studio:left_out", args=["digits"])))
    careless = Participation.objects.get(public_id="careless")
    assert f"{careless.code}</th><td>2 of 5 attention checks passed, 4 needed" in listed


def test_the_median_time_is_of_those_who_are_complete(filling_study):
    now = timezone.now()
    for name, minutes in (("a", 4), ("b", 6), ("careless", 20)):
        Participation.objects.filter(public_id=name).update(
            consented_at=now - timedelta(minutes=minutes), finished_at=now
        )
    assert monitoring.median_minutes(filling_study) == pytest.approx(6)


def test_the_pace_is_told_against_the_quota(filling_study):
    filling_study.opened_at = timezone.now() - timedelta(hours=4)
    pace = monitoring.pace(filling_study, monitoring.counts(filling_study))
    assert (pace.per_hour, pace.missing) == (pytest.approx(0.5, rel=0.01), 8)
    assert pace.hours_left == pytest.approx(16, rel=0.01)


def test_a_study_that_nobody_has_found_yet_has_a_page(researcher, open_study):
    page = text(researcher.get(LIVE))
    assert "Nobody has come yet." in page
    assert not re.search(r"\bNone\b|\bnan\b", page)


def test_the_page_tells_nothing_of_which_method_is_ahead(researcher, filling_study):
    page = text(researcher.get(LIVE))
    assert not any(method.title in page for method in filling_study.methods())


def test_the_page_updates_itself_until_the_study_closes(researcher, filling_study):
    assert 'hx-trigger="every 5s"' in text(researcher.get(LIVE))
    filling_study.close()
    assert "hx-trigger" not in text(researcher.get(reverse("studio:live_numbers", args=["digits"])))


@pytest.mark.parametrize("name", PAGES)
def test_strangers_do_not_see_how_a_study_goes(stranger, researcher, open_study, name):
    address = reverse(f"studio:{name}", args=["digits"])
    assert stranger.get(address).status_code == 302
    assert researcher.get(address).status_code == 200
    assert researcher.get(reverse(f"studio:{name}", args=["nothing"])).status_code == 404


def test_a_draft_has_its_review_instead(researcher, draft_study):
    assert researcher.get(LIVE).headers["Location"] == draft_study.get_absolute_url()
    assert "Open the study" in text(researcher.get(draft_study.get_absolute_url()))


def test_a_pause_keeps_others_out_and_ends_when_it_is_resumed(researcher, stranger, open_study):
    researcher.post(reverse("studio:pause_study", args=["digits"]))
    assert Study.objects.get().is_paused
    assert stranger.get("/s/digits/").status_code == 410
    researcher.post(reverse("studio:resume_study", args=["digits"]))
    assert stranger.get("/s/digits/").status_code == 200


def test_closing_asks_first_and_says_who_is_in_the_middle(researcher, filling_study):
    page = text(researcher.get(reverse("studio:close_study", args=["digits"])))
    assert "2 participants are in the middle of it" in page
    assert Study.objects.get().is_open
    researcher.post(reverse("studio:close_study", args=["digits"]))
    assert Study.objects.get().is_closed


@pytest.mark.parametrize("name", ["pause_study", "close_study"])
def test_a_second_click_is_said_and_harmless(researcher, open_study, name):
    for _ in range(2):
        response = researcher.post(reverse(f"studio:{name}", args=["digits"]), follow=True)
    assert "The study was not" in text(response)


def test_the_quota_is_extended_and_never_cut(researcher, filling_study):
    address = reverse("studio:extend_quota", args=["digits"])
    assert "it can only be extended" in text(researcher.post(address, {"quota": 5}))
    assert Study.objects.get().quota == 10
    researcher.post(address, {"quota": 20})
    assert Study.objects.get().quota == 20


@pytest.mark.parametrize("name", PAGES)
def test_no_page_takes_more_than_twelve_queries(
    researcher, filling_study, django_assert_max_num_queries, name
):
    with django_assert_max_num_queries(12):
        researcher.get(reverse(f"studio:{name}", args=["digits"]))
