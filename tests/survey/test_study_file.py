import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from survey.files.strict_yaml import dump
from survey.files.study_file import (
    COLUMNS,
    StudyFileRefused,
    export_study,
    import_study,
    schema,
    study_data,
    study_sha256,
)
from survey.models import ExplanationSet, Study, StudyText
from survey.planning import primary_tests
from survey.recruitment import PLATFORMS

pytestmark = pytest.mark.django_db


def changed(study, *path, value):
    """The study's file with another value at `path`."""
    data = study_data(study)
    room = data
    for key in path[:-1]:
        room = room[key]
    room[path[-1]] = value
    return dump(data)


def refusal(text, slug="again"):
    with pytest.raises(StudyFileRefused) as refused:
        import_study(text, slug=slug, name="study.yaml")
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_exporting_importing_and_exporting_gives_the_same_bytes(draft_study):
    text = export_study(draft_study)
    again = import_study(text, slug="again")
    assert export_study(again) == text


def test_an_imported_study_asks_the_same_questions(draft_study):
    again = import_study(export_study(draft_study), slug="again")
    asked = [
        [
            (q.code, [(o.class_map_id, o.is_right) for o in q.options.all()])
            for q in study.questions.prefetch_related("options")
        ]
        for study in (draft_study, again)
    ]
    assert asked[0] == asked[1]


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)
some_text = words.filter(str.strip)
designs = st.fixed_dictionaries(
    {
        "replicates": st.sampled_from([None, 1, 2]),
        "n_shown": st.none() | st.integers(1, 20),
        "n_practice": st.integers(0, 5),
        "allows_none": st.booleans(),
        "asks_reason": st.booleans(),
        "n_checks": st.integers(4, 12),
        "min_passed": st.integers(0, 4),
        "on_failed_checks": st.sampled_from(Study.OnFailedChecks.values),
        "checks_noise": st.booleans(),
        "checks_instructed": st.booleans(),
        "quota": st.none() | st.integers(1, 10**6),
        "pay": st.none() | st.decimals(0, 99999, places=2),
        "alpha": st.decimals("0.0001", "0.5", places=4),
        "expected_lead": st.decimals("0.001", "0.999", places=3),
        "primary_test": st.sampled_from([name for name, _ in primary_tests()]),
        "smallest_difference": st.none() | st.decimals("0.001", "0.999", places=3),
        "seed": st.integers(0, 2**63 - 1),
        "code_complete": st.text("ABC123 :#'\"-", max_size=20).map(str.strip),
    }
)


@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(design=designs, title=some_text, consent=some_text, data=st.data())
def test_any_design_comes_back_from_its_file(explanation_set, design, title, consent, data):
    Study.objects.all().delete()
    study = Study.objects.create(slug="any", explanation_set=explanation_set, **design)
    StudyText.objects.create(
        study=study,
        language="en",
        title=title,
        question="{label}?",
        consent=consent,
        instructions="i",
        thanks="t",
    )
    compared = list(explanation_set.compared_methods())
    methods = data.draw(st.sets(st.sampled_from(range(4)), min_size=2))
    labels = data.draw(st.sets(st.sampled_from(explanation_set.labels()), min_size=2))
    first, second, *_ = titles = [compared[i].title for i in sorted(methods)]
    plans = [
        [],
        [f"{first} - mean(others)"],
        [f"{first} - {second}", f"{second} - mean(others)"],
    ]
    if len(titles) > 2:
        plans.append([f"mean({first}, {second}) - mean(others)"])
    study.contrasts, study.baseline = (
        data.draw(st.sampled_from(plans)),
        data.draw(st.sampled_from(["", *titles])),
    )
    study.save()
    study.write_questions([compared[i] for i in sorted(methods)], sorted(labels))
    study.refresh_from_db()
    text = export_study(study)
    assert export_study(import_study(text, slug="again")) == text


def test_every_field_of_a_design_is_in_the_file():
    told_elsewhere = {"id", "slug", "version", "previous", "explanation_set", "team", "owner", "status"}
    told_elsewhere |= {"seed", "default_language", "design", "design_sha256"}
    told_elsewhere |= {"created_at", "opened_at", "closed_at"}
    told_elsewhere |= {"checks_other_class", "checks_noise", "checks_instructed"}
    assert {field.name for field in Study._meta.fields} - told_elsewhere == set(COLUMNS)


def test_the_schema_allows_what_the_model_allows():
    properties = schema()["properties"]
    parts = {key: value["properties"] for key, value in properties.items() if "properties" in value}
    assert set(properties["texts"]["properties"]) == {code for code, _ in settings.LANGUAGES}
    assert properties["language"]["enum"] == [code for code, _ in settings.LANGUAGES]
    assert parts["participants"]["platform"]["enum"] == list(PLATFORMS)
    assert parts["participants"]["on_withdrawal"]["enum"] == Study.Withdrawal.values
    assert parts["checks"]["on_failure"]["enum"] == Study.OnFailedChecks.values
    assert parts["analysis"]["primary_test"]["enum"] == [name for name, _ in primary_tests()]
    assert parts["analysis"]["comparisons"]["enum"] == Study.Comparisons.values
    assert list(schema()["$defs"]["text"]["properties"]) == list(StudyText.WORDS)


def test_the_schema_has_an_address(client):
    response = client.get(reverse("study_file_schema"))
    assert response.headers["Content-Type"] == "application/schema+json"
    assert json.loads(response.getvalue()) == schema()


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("checks", "number"), 99, "checks.number is 99; allowed are numbers from 0 to 50."),
        (("checks", "number"), "five", "checks.number is 'five'; allowed is a whole number."),
        (("checks", "colour"), 1, "checks has a key 'colour'; allowed are number, needed, kinds, on_failure."),
        (("checks", "kinds"), ["x"], "checks.kinds[0] is 'x'; allowed are other class, noise, instructed."),
        (("checks", "kinds"), [], "the file is refused: There are attention checks, but of no kind: choose one or more."),
        (("checks", "needed"), 6, "the file is refused: There are fewer attention checks than must be passed."),
        (("methods",), ["lime"], "methods has 1 entries; allowed are 2 to 6."),
        (("methods",), ["lime", "magic"], "methods[1] is 'magic'; allowed are normlime, lime, smoothgrad, vargrad."),
        (("classes",), ["1", "1"], "classes is ['1', '1'], with one entry twice; allowed is each once."),
        (("classes",), ["1", "x"], "classes[1] is 'x'; allowed are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9."),
        (("format",), "other/2", "format is 'other/2'; allowed is beholder-study/1."),
        (("participants", "platform"), "prolific", "participants.codes.complete is refused: Prolific sends people back with a code: enter the one of its completion path."),
        (("participants", "currency"), "usd", "participants.currency is 'usd'; allowed is what matches ^[A-Z]{3}$"),
        (("texts", "en", "thanks"), "a\0b", "texts.en.thanks holds a NUL character; allowed is any other."),
        (("texts", "en", "title"), "", "texts.en.title is empty; it must not be."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(draft_study, path, value, sentence):
    told = refusal(changed(draft_study, *path, value=value))
    assert told.startswith("study.yaml, line ")
    assert told.endswith(f": {sentence}")


def test_the_line_is_that_of_the_value(draft_study):
    text = export_study(draft_study).replace("  number: 5\n", "  number: 51\n")
    line = text.splitlines().index("  number: 51") + 1
    assert refusal(text).startswith(f"study.yaml, line {line}: checks.number is 51")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "study.yaml: the file is None; allowed is keys with values."),
        ("a: 1\na: 2\n", "study.yaml, line 2: the key 'a' stands there twice; keep one."),
        ("a: &x 1\nb: *x\n", "study.yaml, line 1: anchors, aliases and tags are not allowed; write values out."),
        ("a: !!python/object:os.system {}", "study.yaml, line 1: anchors, aliases and tags are not allowed; write values out."),
        ("a: [1\n", "study.yaml, line 2, column 1: no YAML: expected ',' or ']', but got '<stream end>'."),
        ("x: " + "[" * 3000, "study.yaml: nested too deeply; allowed are 20 levels."),
        ("a: 1\n---\nb: 2\n", "study.yaml, line 2, column 1: no YAML: but found another document."),
    ],
)  # fmt: skip
def test_what_is_no_study_file_is_refused_in_one_line(db, text, sentence):
    assert refusal(text) == sentence


def test_a_file_of_a_set_that_is_not_here_says_which_to_import(draft_study):
    told = refusal(changed(draft_study, "explanation_set", "sha256", value="f" * 64))
    assert f"is {'f' * 64}; this site has tiny (" in told
    assert told.endswith("Import that set first.")


def test_a_refused_file_leaves_nothing_behind(draft_study):
    refusal(changed(draft_study, "participants", "platform", value="prolific"))
    assert Study.objects.count() == 1


def test_a_short_name_that_is_taken_is_refused(draft_study):
    assert refusal(export_study(draft_study), slug="digits").startswith("The short name 'digits': ")


def test_opening_freezes_the_study_file_under_its_hash(draft_study):
    text = export_study(draft_study)
    draft_study.open()
    assert draft_study.design == text == export_study(draft_study)
    assert draft_study.design_sha256 == study_sha256(text)


def test_extending_the_quota_leaves_the_frozen_design_as_it_was(draft_study):
    Study.objects.update(quota=5)
    draft_study.refresh_from_db()
    draft_study.open()
    frozen = draft_study.design_sha256
    draft_study.extend_quota(9)
    assert (draft_study.quota, study_sha256(export_study(draft_study))) == (9, frozen)


def test_the_commands_write_and_read_a_file(draft_study, tmp_path, capsys):
    file = tmp_path / "digits.yaml"
    call_command("export_study", "digits", "--out", str(file))
    call_command("import_study", str(file), "--slug", "again")
    assert capsys.readouterr().out == "again: a draft with 26 questions\n"
    assert export_study(Study.objects.get(slug="again")) == file.read_text()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["export_study", "nothing"], "There is no study 'nothing'; there are: digits."),
        (["import_study", "/no/file.yaml"], "/no/file.yaml: No such file or directory."),
        (["import_study", __file__], "test_study_file.py, line "),
        (["import_study", __file__, "--team", "x"], "There is no team 'x'; there are: "),
    ],
)
def test_commands_say_what_is_wrong_in_one_line(draft_study, command, message):
    with pytest.raises(CommandError) as refused:
        call_command(*command)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_an_existing_file_is_not_overwritten(draft_study, tmp_path):
    file = tmp_path / "digits.yaml"
    file.write_text("mine")
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_study", "digits", "--out", str(file))
    assert Path(file).read_text() == "mine"


def test_the_set_is_named_by_what_is_in_it(draft_study):
    ExplanationSet.objects.update(slug="renamed-here")
    assert import_study(export_study(draft_study), slug="again").explanation_set.slug == "renamed-here"
