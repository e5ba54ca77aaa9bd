"""What participants read and see of a set by how its maps are drawn."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

from explanations.rendering import STYLES, Rendering, palettes
from explanations.rendering.redrawing import redraw
from survey.designing.reference_study import TITLES, default_design, default_texts
from survey.designing.rendering_words import explain_style
from survey.files.study_file import create_study
from survey.importing import import_set
from survey.models import ExplanationSet, Participation, PlannedQuestion
from survey.question_page import _shown_size

pytestmark = pytest.mark.django_db

ON_CLASSES = ["heat", "signed"]


@pytest.fixture
def drawn(image_folder, tmp_path):
    """The function that gives the set of images in a style."""

    def draw(style):
        folder = tmp_path / style.replace(":", "-")
        redraw(image_folder, Rendering.choose(style), folder)
        return import_set(folder)

    return draw


@pytest.fixture
def page(drawn, participant):
    """The function that gives a page of an open study of the set in a style."""

    def get(step, style):
        study = create_study(default_design(drawn(style)), slug="photos")
        study.open()
        participation = Participation.objects.enrol(study, "begun-participation")
        identity = participation.public_id
        if step == "instructions":
            return participant.get(reverse("participant:instructions", args=[identity])).content.decode()
        PlannedQuestion.objects.record_answer(identity, 0, 1, participation.consented_at)
        return participant.get(reverse("participant:question", args=[identity, 1])).content.decode()

    return get


@pytest.mark.parametrize("language", TITLES)
@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_explained_in_every_language(style, language):
    assert len(explain_style(style, language, on_images=True)) > 1


@pytest.mark.parametrize("language", TITLES)
def test_texts_on_classes_are_there_for_the_styles_that_classes_can_have(language):
    assert all(len(explain_style(style, language, on_images=False)) > 1 for style in ON_CLASSES)


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("heat", "so: the darker a place, the more it matters."),
        ("signed", "blue places speak for it, orange places against it."),
        ("overlay", "from yellow through red to dark red"),
        ("borders", "White lines divide the image into areas"),
        ("top:3", "only the parts that matter most are visible"),
    ],
)
def test_the_instructions_say_what_the_pictures_of_the_set_show(drawn, style, words):
    assert words in default_texts(drawn(style))["instructions"]


def test_finished_pictures_have_instructions_without_colours(image_set):
    image_set.style = "pictures"
    instructions = default_texts(image_set)["instructions"]
    assert "which parts of the image tell the computer so.\n" in instructions
    assert "darker" not in instructions


def test_a_set_of_before_there_were_styles_is_heat(explanation_set):
    assert explanation_set.style == "heat"
    assert ": the darker a pixel, the more it matters." in default_texts(explanation_set)["instructions"]


def test_a_question_about_visible_parts_asks_what_is_shown(drawn):
    assert "best shows what tells it so?" in default_texts(drawn("top:3"))["question"]


@pytest.mark.parametrize(
    ("step", "style", "scale"),
    [
        ("instructions", "heat", "heat"),
        ("instructions", "top:3", "hidden"),
        ("question", "signed", "signed"),
        ("question", "borders", "warm"),
    ],
)
def test_pages_have_the_legend_of_the_style(page, step, style, scale):
    assert re.findall(r'<span class="scale (\w+)"', page(step, style)) == [scale]


@pytest.mark.parametrize(
    ("name", "palette"),
    [
        ("heat", palettes.palette()),
        ("signed", palettes.signed_palette()),
        ("warm", palettes.warm_palette()),
    ],
)
def test_a_legend_has_colours_of_the_palette_from_end_to_end(name, palette):
    css = (settings.BASE_DIR / "survey/static/survey/beholder.css").read_text()
    [gradient] = re.findall(rf"\.scale\.{name} {{ background: linear-gradient\(to right, (.*?)\);", css)
    colours = [list(bytes.fromhex(colour)) for colour in re.findall("#([0-9a-f]{6})", gradient)]
    assert all(colour in palette.tolist() for colour in colours)
    assert (colours[0], colours[-1]) == (palette[0].tolist(), palette[-1].tolist())


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((28, 28), (168, 168)),
        ((80, 60), (160, 120)),
        ((224, 224), (224, 224)),
        ((150, 224), (150, 224)),
        ((448, 300), (224, 150)),
    ],
)
def test_large_pictures_are_shown_at_most_in_their_own_pixels(size, shown):
    assert _shown_size(*size) == shown


def test_pictures_of_many_pixels_are_not_shown_as_squares():
    assert [ExplanationSet(picture_width=width).has_small_pictures for width in (28, 80, 224)] == [
        True,
        True,
        False,
    ]
