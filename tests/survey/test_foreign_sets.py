"""Sets that state little of themselves, explain an image for several classes, or leave items out."""

import io
import json
import zipfile
from dataclasses import replace

import pytest

from explanations import manifest as manifests
from explanations.manifest.records import Classifier, Confusion, LeftOut
from survey.designing import reference_study
from survey.designing.reference_study import default_design, default_texts
from survey.designing.review import risks
from survey.files.archive import restore_archive, write_archive
from survey.files.preregistration import preregistration
from survey.files.study_file import create_study
from survey.importing import ImportRefused, import_set
from survey.models import (
    Answer,
    AuditEvent,
    ClassMap,
    ExplanationSet,
    Participation,
    PlannedQuestion,
    Study,
)

pytestmark = pytest.mark.django_db

TARGETS = {"cat": "lynx", "cup": "tabby"}  # the classes for which one image is explained


def describe(folder, **values):
    """The set in the folder, its manifest with other values."""
    manifests.write(folder, replace(manifests.read(folder), **values))
    return folder


@pytest.fixture
def foreign_folder(set_folder_of):
    """A set of which nothing is stated that may be unknown."""
    folder = set_folder_of("foreign")
    known = manifests.read(folder)
    methods = [replace(m, reference="", forward_passes=None, backward_passes=None) for m in known.methods]
    dataset = replace(known.dataset, split=None, sha256=None)
    maps = [replace(record, images=None) for record in known.maps]
    return describe(
        folder,
        seed=None,
        classifier=Classifier(),
        dataset=dataset,
        methods=tuple(methods),
        maps=tuple(maps),
    )


@pytest.fixture
def several_folder(image_folder):
    """A set in which one image is explained for two classes: its labels and its check picture are shared."""
    known = manifests.read(image_folder)
    first, _, *others = known.originals
    top = (("lynx", 0.8), ("tabby", 0.15), ("cup", 0.0001))
    originals = [
        replace(first, label=label, seen="lynx", target=target, top=top) for label, target in TARGETS.items()
    ]
    checks = [record for record in known.maps if record.method == "class-mean"]
    pictures = {record.replicate: record for record in checks if record.label == "cat"}
    maps = [
        replace(record, image=pictures[record.replicate].image, sha256=pictures[record.replicate].sha256)
        if record in checks and record.label == "cup"
        else record
        for record in known.maps
    ]
    equal = tuple((f"class-mean/cat/{n}", f"class-mean/cup/{n}") for n in (1, 2))
    return describe(image_folder, originals=(*originals, *others), maps=tuple(maps), equal=equal)


@pytest.fixture
def several_study(several_folder):
    return create_study(default_design(import_set(several_folder)), slug="several")


def test_a_set_that_states_nothing_is_imported(foreign_folder):
    imported = import_set(foreign_folder)
    stated = imported.seed, imported.test_accuracy, imported.classifier, imported.weights_sha256
    assert stated == (None, None, "", "")
    assert (imported.dataset_split, imported.dataset_sha256) == ("", "")


def test_the_same_set_is_imported_once(foreign_folder):
    assert import_set(foreign_folder) == import_set(foreign_folder)


def test_its_page_says_that_facts_are_not_stated(foreign_folder, researcher):
    html = researcher.get(import_set(foreign_folder).get_absolute_url()).content.decode()
    assert "None" not in html
    for fact in ("SHA-256 of the data", "Classifier", "SHA-256 of the weights", "Test accuracy", "Seed"):
        assert f"<dt>{fact}</dt><dd>not stated</dd>" in html.replace("<code>", "").replace("</code>", "")
    assert html.count("cost not stated") == 5


def test_the_page_of_a_map_says_that_its_reference_is_not_stated(foreign_folder, researcher):
    class_map = import_set(foreign_folder).class_maps.first()
    assert (
        "<dt>Reference</dt><dd>not stated</dd>"
        in researcher.get(class_map.get_absolute_url()).content.decode()
    )


def test_the_preregistration_says_that_facts_are_not_stated(foreign_folder):
    study = create_study(default_design(import_set(foreign_folder)), slug="foreign")
    assert (
        "Classifier: not stated, accuracy on the test images: not stated."
        in preregistration(study).to_markdown()
    )


def test_the_api_gives_null_for_an_accuracy_that_is_not_stated(foreign_folder, researcher):
    import_set(foreign_folder)
    [found] = researcher.get("/api/v1/sets/").json()["results"]
    assert (found["test_accuracy"], found["seed"], found["classifier"]) == (None, None, "")


def test_the_classifier_is_called_by_its_title(set_folder_of):
    folder = describe(set_folder_of("titled"), classifier=Classifier("timm:resnet50", title="ResNet50"))
    assert import_set(folder).classifier == "ResNet50"


def test_the_page_of_a_set_shows_its_confusion_matrix(set_folder_of, researcher):
    folder = describe(set_folder_of("known"), confusion=Confusion(("cat", "lynx"), ((970, 1), (2, 1980))))
    html = researcher.get(import_set(folder).get_absolute_url()).content.decode()
    assert '<th scope="row">lynx</th><td class="number">2</td><td class="number">1,980</td>' in html


@pytest.mark.parametrize("length", [80, 200])
def test_a_label_may_be_long(image_folder, length):
    text = (image_folder / "manifest.json").read_text()
    assert text.count('"rocket"') > 1
    label = "r" * length
    (image_folder / "manifest.json").write_text(
        text.replace('"rocket"', f'"{label}"').replace("/rocket/", f"/{label}/")
    )
    maps = manifests.read_maps(image_folder)
    manifests.write_maps(
        image_folder, {key.replace("/rocket/", f"/{label}/"): values for key, values in maps.items()}
    )
    assert label in import_set(image_folder).labels()


def test_a_text_that_is_too_long_is_refused_in_a_line(set_folder_of):
    folder = set_folder_of("long")
    methods = manifests.read(folder).methods
    describe(folder, methods=(replace(methods[0], title="T" * 81), *methods[1:]))
    with pytest.raises(ImportRefused, match=r"^manifest.json: the title 'T{40}'… has 81 characters; at most"):
        import_set(folder)
    assert not ExplanationSet.objects.exists()


def test_labels_of_one_image_share_its_file_and_not_its_address(several_folder):
    originals = import_set(several_folder).originals_by_label
    first, second = (originals[label] for label in TARGETS)
    assert first.image.name == second.image.name
    assert first.get_absolute_url() != second.get_absolute_url()


def test_a_question_asks_about_the_class_that_is_explained(several_folder):
    imported = import_set(several_folder)
    assert {label: imported.asked_for(label) for label in TARGETS} == TARGETS


def test_the_question_does_not_say_that_a_computer_sees_the_class(several_folder):
    imported = import_set(several_folder)
    assert default_texts(imported)["question"].startswith("A computer has looked for signs of “{label}”")


@pytest.mark.parametrize("language", reference_study.INSTRUCTIONS_ON_OTHER_CLASSES)
def test_the_instructions_do_not_say_that_a_computer_sees_the_class(several_folder, language):
    instructions = default_texts(import_set(several_folder), language)["instructions"]
    for before, after in reference_study.INSTRUCTIONS_ON_OTHER_CLASSES[language]:
        assert before not in instructions
        assert after in instructions


def test_the_page_of_a_set_of_several_targets_says_what_is_explained_and_what_is_seen(
    several_folder, researcher
):
    html = researcher.get(import_set(several_folder).get_absolute_url()).content.decode()
    assert "explained for 4 single images, for several classes each (5 items)." in html
    assert "cup: tabby<br>The network sees lynx.<br>" in html
    assert "lynx 80.0%, tabby 15.0%</span>" in html
    assert "class-mean/cat/1, class-mean/cup/1" in html


def test_practice_offers_no_wrong_picture_that_looks_like_the_right_one(several_study):
    for seed in range(30):
        several_study.seed = seed
        several_study.write_questions(several_study.methods(), [*TARGETS, "rocket"])
        for question in several_study.questions.filter(kind="practice"):
            right = question.options.get(is_right=True).class_map.image.name
            wrong = question.options.filter(is_right=False)
            assert right not in {option.class_map.image.name for option in wrong}


def test_an_archive_holds_each_shared_file_once_and_restores_the_study(several_study, answer):
    several_study.open()
    answer(Participation.objects.enrol(several_study, "person"), 16)
    several_study.close()
    file = io.BytesIO()
    write_archive(Study.objects.get(pk=several_study.pk), file)
    names = zipfile.ZipFile(file).namelist()
    assert len(names) == len(set(names))
    AuditEvent.objects.all()._raw_delete("default")
    for model in (Answer, PlannedQuestion, Participation, Study, ExplanationSet):
        model.objects.all().delete()
    restored = restore_archive(file).explanation_set.originals_by_label
    assert {label: restored[label].target for label in TARGETS} == TARGETS


def test_maps_with_one_picture_are_imported_and_the_review_names_them(set_folder_of):
    folder = set_folder_of("equal")
    known = manifests.read(folder)
    by_key = {record.array: record for record in known.maps}
    lime, vargrad = by_key["lime/3/1"], by_key["vargrad/3/1"]
    maps = [replace(r, image=lime.image, sha256=lime.sha256) if r == vargrad else r for r in known.maps]
    describe(folder, maps=tuple(maps), equal=(("lime/3/1", "vargrad/3/1"),))
    study = create_study(default_design(import_set(folder)), slug="equal")
    assert ClassMap.objects.filter(method__explanation_set=study.explanation_set).count() == len(maps)
    [risk] = [risk for risk in risks(study) if risk.name == "identical-pictures"]
    assert risk.sentence == "LIME and VarGrad drew the same picture in 1 questions (3-1)."


def test_the_review_names_items_that_the_set_leaves_out(set_folder_of, researcher):
    left_out = tuple(LeftOut(str(n), "occlusion", "its map has no positive value") for n in range(90, 97))
    imported = import_set(describe(set_folder_of("partial"), left_out=left_out))
    study = create_study(default_design(imported), slug="partial")
    [risk] = [risk for risk in risks(study) if risk.name == "items-left-out"]
    assert risk.sentence.startswith(
        "The explanation set leaves out 7 of its items for all methods: 90 (its map has no positive value), "
    )
    assert risk.sentence.endswith(" and 2 more. Results hold for the others.")
    assert (
        "<li>96: its map has no positive value</li>"
        in researcher.get(imported.get_absolute_url()).content.decode()
    )


def test_a_set_of_format_1_is_imported_under_its_digest(image_folder, tmp_path):
    record = json.loads((image_folder / "manifest.json").read_text())
    record["format"] = "beholder-explanation-set/1"
    del record["confusion"]
    for entry in record["maps"] + record["originals"]:
        entry.pop("target", None)
        entry.pop("top", None)
    for key in ("title", "outputs", "scores"):
        del record["classifier"][key]
    (image_folder / "manifest.json").write_text(json.dumps(record))
    imported = import_set(image_folder)
    assert imported.digest == manifests.digest(manifests.read(image_folder))
    assert imported.originals_by_label["rocket"].target == "missile"
