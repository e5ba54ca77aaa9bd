import hashlib
import json
import shutil

import pytest
from django.core.management import CommandError, call_command

from explanations import manifest
from survey.importing import ImportRefused, import_set
from survey.models import ClassMap, ExplanationSet

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_folder(set_folder, tmp_path):
    """A copy of the set that a test may spoil."""
    return shutil.copytree(set_folder, tmp_path / "set")


def edit_manifest(folder, edit):
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_a_set_becomes_rows_and_pictures(set_folder):
    explanation_set = import_set(set_folder)
    assert explanation_set.class_maps.count() == 10 * 5 * 2
    assert explanation_set.labels() == [str(digit) for digit in range(10)]
    assert (explanation_set.picture_width, explanation_set.picture_height) == (8, 8)
    assert [method.slug for method in explanation_set.compared_methods()] == [
        "normlime",
        "lime",
        "smoothgrad",
        "vargrad",
    ]


def test_pictures_are_stored_byte_for_byte_under_names_that_tell_nothing(set_folder, settings):
    import_set(set_folder)
    stored = {path.read_bytes() for path in (settings.MEDIA_ROOT / "maps").iterdir()}
    assert stored == {path.read_bytes() for path in (set_folder / "images").iterdir()}
    for class_map in ClassMap.objects.select_related("method"):
        assert class_map.method.slug not in class_map.image.name


def test_the_same_folder_twice_is_one_set(set_folder):
    assert import_set(set_folder) == import_set(set_folder)
    assert ExplanationSet.objects.count() == 1


def test_a_set_that_was_evaluated_since_is_the_same_set(own_folder):
    before = import_set(own_folder)
    manifest.name_metrics(own_folder, ["metrics/metrics.csv"])
    assert import_set(own_folder) == before
    assert ExplanationSet.objects.count() == 1


def test_a_set_known_by_the_digest_of_its_file_is_known_still(own_folder):
    edit_manifest(own_folder, lambda content: content)  # written otherwise, the same content
    explanation_set = import_set(own_folder)
    file = hashlib.sha256((own_folder / "manifest.json").read_bytes()).hexdigest()
    assert explanation_set.digest != file
    ExplanationSet.objects.update(digest=file)
    assert import_set(own_folder) == explanation_set


def test_another_build_of_the_same_name_is_another_set(set_folder, own_folder):
    first = import_set(set_folder)
    edit_manifest(own_folder, lambda content: content.update(seed=1))
    second = import_set(own_folder)
    assert (first.slug, second.slug) == ("tiny", f"tiny-{second.digest[:8]}")


def test_a_picture_that_was_changed_stops_the_import_and_leaves_nothing(own_folder):
    picture = next((own_folder / "images").iterdir())
    picture.write_bytes(picture.read_bytes()[:-20] + b"x" * 20)
    with pytest.raises(ImportRefused, match=picture.name):
        import_set(own_folder)
    assert not ExplanationSet.objects.exists()


def test_a_path_out_of_the_folder_is_refused(own_folder, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    edit_manifest(own_folder, lambda content: content["maps"][0].update(image="../secret.png"))
    with pytest.raises(ImportRefused, match=r"maps\[0\]\.image"):
        import_set(own_folder)


def test_the_command_says_what_it_imported(set_folder, capsys):
    call_command("import_set", str(set_folder))
    assert capsys.readouterr().out == "tiny: 100 pictures\n"


def test_the_command_refuses_a_folder_without_a_manifest(tmp_path):
    with pytest.raises(CommandError, match=r"has no manifest\.json"):
        call_command("import_set", str(tmp_path))
