"""The study speaks the language of the browser or of the participant's choice, if it has texts in it."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from survey.models import Participation, StudyText

pytestmark = pytest.mark.django_db

TITLES = {
    "en": "Which picture shows it best?",
    "de": "Welches Bild zeigt es am besten?",
    "es": "¿Qué imagen lo muestra mejor?",
    "zh-hans": "哪张图最能说明？",  # noqa: RUF001
}


def welcome(asked, address="/s/digits/"):
    return Client(headers={"accept-language": asked}).get(address).content.decode()


def heading(page):
    return re.search(r"<h1[^>]*>(.*?)</h1>", page)[1]


@pytest.fixture
def german(open_study):
    """A participation begun in German."""
    return Participation.objects.enrol(open_study, "auf-deutsch", language="de")


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR,es;q=0.5", "es"),
        ("zh-CN", "zh-hans"),
        ("fr", "en"),
        ("*", "en"),
        ("no such; thing", "en"),
        ("", "en"),
    ],
)
def test_the_browser_says_which_language(open_study, asked, language):
    page = welcome(asked)
    assert heading(page) == TITLES[language]
    assert f'<html lang="{language}">' in page


@pytest.mark.parametrize("language", TITLES)
def test_a_choice_counts_for_more_than_the_browser(open_study, language):
    assert heading(welcome("de", f"/s/digits/?language={language}")) == TITLES[language]


@pytest.mark.parametrize("language", ["fr", "", "\x00"])
def test_a_choice_that_the_study_does_not_have_is_none(open_study, language):
    assert heading(welcome("de", f"/s/digits/?language={language}")) == TITLES["de"]


def test_only_languages_with_texts_are_offered(open_study):
    open_study.texts.filter(language__in=["es", "zh-hans"]).delete()
    page = welcome("es")
    assert re.findall(r'hreflang="([\w-]+)"', page) == ["en", "de"]
    assert heading(page) == TITLES["en"]


def test_a_study_of_one_language_offers_no_choice(open_study):
    open_study.texts.exclude(language="en").delete()
    assert "hreflang" not in welcome("de")


def test_the_default_language_is_the_studys_own(open_study):
    type(open_study).objects.update(default_language="es")
    assert heading(welcome("fr")) == TITLES["es"]


def test_the_switch_keeps_what_the_platform_said(open_study):
    page = welcome("", "/s/digits/?simulation=x&language=de")
    assert 'href="?simulation=x&amp;language=es"' in page


def test_who_starts_in_a_language_goes_on_in_it(open_study, hidden_fields):
    browser = Client(headers={"accept-language": "en"})
    address = "/s/digits/?language=de"
    fields = hidden_fields(browser.get(address))
    page = browser.post("/s/digits/start/?language=de", fields, follow=True).content.decode()
    assert Participation.objects.get().language == "de"
    assert "Mit einer Übungsfrage beginnen" in page
    assert 'href="/s/digits/withdraw/?language=de"' in page


def test_the_language_stays_on_another_device(german):
    assert (
        "Übung" in Client(headers={"accept-language": "es"}).get("/p/auf-deutsch/practice/").content.decode()
    )


def test_the_question_is_asked_in_the_participations_language(german, answer):
    answer(german, 1)
    page = Client().get("/p/auf-deutsch/1/").content.decode()
    assert "Welches Bild hebt am besten die Bildpunkte hervor" in heading(page)
    assert 'alt="Bild 1"' in page


def test_a_refused_answer_is_told_in_the_participations_language(german, answer, hidden_fields):
    fields = hidden_fields(Client().get("/p/auf-deutsch/practice/"))
    answer(german, 1)
    other = german.plan.get(position=0).answer.chosen_position % 4 + 1
    page = (
        Client().post("/p/auf-deutsch/practice/", {**fields, "choice": other}, follow=True).content.decode()
    )
    assert "Sie hatten diese Frage schon beantwortet. Ihre erste Antwort gilt." in page


def test_an_unknown_reason_in_the_address_is_not_told(german):
    assert "told" not in Client().get("/p/auf-deutsch/practice/?told=<b>").content.decode()


def test_a_page_that_is_not_there_says_so_in_the_browsers_language(db):
    response = Client(headers={"accept-language": "zh"}).get("/nothing/")
    assert response.status_code == 404
    assert "此处没有页面" in response.content.decode()


def test_the_studio_speaks_english(researcher, open_study):
    assert (
        '<html lang="en">' in researcher.get("/studio/", headers={"accept-language": "de"}).content.decode()
    )


def test_a_preview_can_be_looked_at_in_each_language(researcher, draft_study):
    page = researcher.get("/studio/studies/digits/preview/?language=es").content.decode()
    assert heading(page) == TITLES["es"]


def test_every_language_asks_as_many_screening_questions_as_the_default(draft_study):
    draft_study.texts.filter(language="en").update(screening="One?\nTwo?")
    german = StudyText.objects.get(study=draft_study, language="de")
    german.screening = "Eins?"
    with pytest.raises(
        ValidationError, match=r"1 screening questions here, 2 in English: everybody is asked the same\."
    ):
        german.full_clean()
