"""What participants read is there in every language: nothing missing, nothing stale, nothing uncompiled."""

import io
import re

import pytest
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

LOCALE = settings.BASE_DIR / "survey/locale"
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
MARKS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}


def catalog(language, suffix):
    path = LOCALE / to_locale(language) / "LC_MESSAGES" / f"django.{suffix}"
    with path.open("rb") as file:
        return read_po(file) if suffix == "po" else read_mo(file)


def messages(found):
    return {message.id: message.string for message in found if message.id}


def extracted(source):
    return {message for _, message, _, _ in extract("python", io.BytesIO(source.encode()), keywords=MARKS)}


def spoken():
    """Every message in the templates and the code of the site."""
    found = set()
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        found |= extracted(templatize(path.read_text(encoding="utf-8")))
    for path in (settings.BASE_DIR / "survey").rglob("*.py"):
        found |= extracted(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_no_other(language):
    assert set(messages(catalog(language, "po"))) == spoken()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_empty_or_doubtful(language):
    assert [m.id for m in catalog(language, "po") if m.id and (not m.string or m.fuzzy)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_says_what_the_text_file_says(language):
    assert messages(catalog(language, "mo")) == messages(catalog(language, "po"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_and_tags_of_its_message(language):
    for message, translation in messages(catalog(language, "po")).items():
        parts = [sorted(re.findall(r"%\(\w+\)s|\{\w*\}|<[^>]+>", text)) for text in (message, translation)]
        assert parts[0] == parts[1], message
