"""Nothing but the picture itself may tell which method drew it, or that a question is a check."""

import re

import pytest
from django.urls import reverse

from survey.models import Option

METHODS = {"normlime": "NormLIME", "lime": "LIME", "smoothgrad": "SmoothGrad", "vargrad": "VarGrad"}


pytestmark = pytest.mark.django_db


def page(client, participation, position):
    return client.get(
        reverse("participant:question", args=[participation.public_id, position])
    ).content.decode()


def skeleton(html, participation):
    """A question's page without what must differ: its number, class, tokens, stamps and picture names."""
    html = html.replace(participation.public_id, "ID")
    html = re.sub(r'<link rel="prefetch"[^>]*>\s*', "", html)  # the last question has none
    html = re.sub(r'value="[^"]{20,}"', 'value="SIGNED"', html)
    html = re.sub(r"/pictures/[\w-]{16}\.png", "/pictures/TOKEN.png", html)
    html = re.sub(r"the number \d", "the number N", html)
    return re.sub(r"\d+ of 25|value=\"\d+\" max", "N", html)


def test_the_pages_of_checks_and_scored_questions_are_the_same_but_for_their_pictures(
    participant, participation, answer
):
    seen = {"scored": set(), "check": set()}
    for planned in participation.plan.filter(position__gt=0).select_related("question"):
        answer(participation, planned.position)
        seen[planned.question.kind].add(
            skeleton(page(participant, participation, planned.position), participation)
        )
    assert seen["scored"] == seen["check"]
    assert len(seen["check"]) == 1


def test_only_practice_ever_says_which_picture_was_right(participant, complete_participation):
    practice = participant.get(reverse("participant:practice", args=[complete_participation.public_id]))
    assert "fits the question" in practice.content.decode()
    for position in range(1, 26):
        html = page(participant, complete_participation, position)
        assert "You chose picture" in html
        assert not re.search(r"fits|right", html)


def test_no_page_names_a_method_or_a_check(participant, participation, answer):
    for position in range(1, 26):
        answer(participation, position)
        html = page(participant, participation, position).lower()
        for word in [
            *METHODS,
            *(title.lower() for title in METHODS.values()),
            "check",
            "class-mean",
            "replicate",
        ]:
            assert word not in html


def test_two_options_that_show_the_same_map_have_different_addresses(open_study):
    for question in open_study.questions.filter(kind="check"):
        options = question.options.all()
        assert len({option.class_map_id for option in options}) == 3
        assert len({option.get_absolute_url() for option in options}) == 4


def test_a_picture_is_sent_without_its_name(participant, open_study):
    option = Option.objects.first()
    response = participant.get(option.get_absolute_url())
    assert response.headers["Content-Type"] == "image/png"
    assert set(response.headers) == {
        "Cache-Control",
        "Content-Security-Policy",
        "Content-Type",
        "Content-Length",
        "Cross-Origin-Opener-Policy",
        "Permissions-Policy",
        "Referrer-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
    }


def test_headers_of_pictures_are_the_same_for_every_option(participant, open_study):
    seen = {
        tuple(participant.get(option.get_absolute_url()).headers.items()) for option in Option.objects.all()
    }
    assert len(seen) == 1


def test_the_rank_of_an_options_token_tells_nothing_of_its_number(open_study):
    ranks = []
    for question in open_study.questions.all():
        options = sorted(question.options.all(), key=lambda option: option.token)
        ranks += [rank for rank, option in enumerate(options) if option.number == 1]
    assert len(set(ranks)) == 4


def test_an_unknown_picture_is_not_found(participant, open_study):
    assert participant.get("/pictures/nothing.png").status_code == 404


def test_the_choices_posted_are_places_and_no_ids(participant, participation, answer):
    """All that a form sends, and every attribute of its buttons, at all questions."""
    for position in range(1, 26):
        answer(participation, position)
        html = page(participant, participation, position)
        buttons = re.findall(r"<button ([^>]*)>", html)
        assert buttons == [
            f'class="picture" name="choice" value="{n}" data-choice="{n}"' for n in range(1, 5)
        ]
        names = re.findall(r'<input type="hidden" name="(\w+)"', html)
        assert names == ["csrfmiddlewaretoken", "shown"]
        assert re.search(r'name="shown" value="\d+\.\d+:[\w-]{43}"', html)  # a moment and its signature
