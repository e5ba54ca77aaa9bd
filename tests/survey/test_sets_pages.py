import csv
import io
import json

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image

from explanations import manifest as manifests
from survey.importing import import_set, raw_values
from survey.models import ExplanationSet
from survey.raw_maps import RawMap

pytestmark = pytest.mark.django_db

VIEWS = ["class_map_page", "class_map", "signed_picture", "values_json", "values_csv"]


@pytest.fixture
def class_map(explanation_set):
    return explanation_set.class_maps.get(label="3", method__slug="lime", replicate=2)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png))).astype(int)


@pytest.mark.parametrize("name", VIEWS)
def test_a_map_is_shown_to_researchers_only(researcher, stranger, class_map, name):
    address = reverse(f"studio:{name}", args=[class_map.pk])
    assert researcher.get(address).status_code == 200
    assert stranger.get(address).headers["Location"] == f"/studio/login/?next={address}"


@pytest.mark.parametrize("name", VIEWS)
def test_an_unknown_map_is_not_found_and_none_is_posted_to(researcher, class_map, name):
    assert researcher.get(reverse(f"studio:{name}", args=[10**9])).status_code == 404
    assert researcher.post(reverse(f"studio:{name}", args=[class_map.pk])).status_code == 405


def test_the_values_are_those_of_the_sets_own_file(researcher, class_map, set_folder):
    own = manifests.read_maps(set_folder)["lime/3/2"]
    shown = researcher.get(reverse("studio:values_json", args=[class_map.pk])).json()["rows"]
    np.testing.assert_allclose(shown, own, rtol=1e-5)
    table = researcher.get(reverse("studio:values_csv", args=[class_map.pk])).content.decode()
    assert [[float(cell) for cell in row] for row in csv.reader(io.StringIO(table))] == shown


def test_opposite_values_have_opposite_colours_and_zero_is_nearly_white():
    drawn = pixels(RawMap(np.array([[-1.0, 0.0, 1.0]], dtype="f4")).picture())
    below, zero, above = drawn[0]
    assert zero.min() > 240
    assert below[0] > below[2]  # red
    assert above[2] > above[0]  # blue
    assert pixels(RawMap(np.array([[-1.0, 0.0, 2.0]], dtype="f4")).picture())[0, 1].tolist() == zero.tolist()


def test_a_map_of_nothing_but_zeros_is_drawn_too():
    assert pixels(RawMap(np.zeros((2, 2), dtype="f4")).picture()).min() > 240


def test_the_gallery_shows_every_map_with_its_values_and_its_sign(researcher, explanation_set):
    seen = researcher.get(explanation_set.get_absolute_url()).content.decode()
    signed = researcher.get(explanation_set.get_absolute_url(), {"show": "signed"}).content.decode()
    assert seen.count("data-values=") == 100
    assert "signed.png" not in seen
    assert signed.count("signed.png") == 100


def test_the_gallery_tells_parameters_cost_and_provenance(researcher, explanation_set):
    record = json.loads(explanation_set.manifest)
    record["methods"][0]["parameters"] = {"samples": 1234}
    record["methods"][0]["forward_passes"] = 7654321
    record["versions"] = {"torch": "2.13.0"}
    ExplanationSet.objects.update(manifest=json.dumps(record))
    page = researcher.get(explanation_set.get_absolute_url()).content.decode()
    for told in (
        "<code>samples</code></dt><dd>1234",
        "7,654,321 forward",
        "torch 2.13.0",
        "98.76%",
        "1" * 64,
    ):
        assert told in page


def test_a_set_imported_without_values_says_so_and_a_second_import_brings_them(
    researcher, explanation_set, set_folder
):
    ExplanationSet.objects.update(maps="")
    class_map = explanation_set.class_maps.first()
    assert researcher.get(reverse("studio:values_json", args=[class_map.pk])).status_code == 404
    assert "raw values were not imported" in researcher.get("/studio/sets/tiny/").content.decode()
    assert researcher.get(class_map.get_absolute_url()).status_code == 200
    import_set(set_folder)
    assert raw_values(explanation_set.class_maps.first()).shape == (8, 8)


@pytest.mark.parametrize("show", ["seen", "signed"])
def test_the_gallery_takes_few_queries(researcher, explanation_set, django_assert_max_num_queries, show):
    with django_assert_max_num_queries(8):
        researcher.get(explanation_set.get_absolute_url(), {"show": show})
