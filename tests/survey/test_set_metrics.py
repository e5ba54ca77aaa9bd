"""Metrics of faithfulness in the studio: they come with a set, later or again, and are held against votes."""

import csv
import io
import json
import shutil
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from explanations import manifest as manifests
from survey.exporting import study_report
from survey.files.archive import restore_archive, write_archive
from survey.importing import ImportRefused, import_set
from survey.models import Answer, AuditEvent, ExplanationSet, Participation, PlannedQuestion, Study

pytestmark = pytest.mark.django_db

SET = "/studio/sets/tiny/"
FILES = ["metrics/metrics.csv", "metrics/metrics.json", "metrics/metrics.svg"]
SCORES = {"deletion": "lower", "gini": "higher"}
TITLES = {"deletion": "Deletion area", "gini": "Gini index"}
METHODS = {"normlime": "NormLIME", "lime": "LIME", "smoothgrad": "SmoothGrad", "vargrad": "VarGrad"}


def value_of(method, label, replicate, score):
    """Made up: the later the method, the greater, and no two maps have the same."""
    return list(METHODS).index(method) + int(label) / 100 + replicate / 1000 + (score == "gini") / 7


def evaluated(folder, values=value_of):
    """The folder with metrics such as `python -m explanations evaluate` writes."""
    described = manifests.read(folder)
    maps = [(m.method, m.label, m.replicate) for m in described.maps if m.method in METHODS]
    found = [(*key, score, values(*key, score)) for key in maps for score in SCORES]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["method", "title", "label", "replicate", "metric", "metric_title", "value", "better"])
    writer.writerows(
        [m, METHODS[m], x, r, score, TITLES[score], v, SCORES[score]] for m, x, r, score, v in found
    )
    means = {
        (method, score): sum(row[4] for row in found if (row[0], row[3]) == (method, score)) / 20
        for method in METHODS
        for score in SCORES
    }
    record = {
        "format": "beholder-metrics/1",
        "seed": 0,
        "dataset": described.dataset.sha256,
        "classifier": described.classifier.weights_sha256,
        "metrics": [{"title": "Sparsity", "reference": "Somebody 2020", "parameters": {"share": 0.5}}],
        "scores": [{"slug": s, "title": TITLES[s], "better": better} for s, better in SCORES.items()],
        "methods": [
            {
                "slug": method,
                "title": title,
                "scores": {
                    score: {
                        "mean": means[method, score],
                        "low": means[method, score] - 0.25,
                        "high": means[method, score] + 0.25,
                        "n": 20,
                    }
                    for score in SCORES
                },
            }
            for method, title in METHODS.items()
        ],
        "values": [
            dict(zip(("method", "label", "replicate", "score", "value"), row, strict=True)) for row in found
        ],
    }
    (folder / "metrics").mkdir(exist_ok=True)
    (folder / "metrics/metrics.csv").write_text(out.getvalue())
    (folder / "metrics/metrics.json").write_text(json.dumps(record))
    (folder / "metrics/metrics.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    manifests.name_metrics(folder, FILES)
    return folder


@pytest.fixture
def own_folder(set_folder, tmp_path):
    return shutil.copytree(set_folder, tmp_path / "own")


@pytest.fixture
def evaluated_set(own_folder):
    return import_set(evaluated(own_folder))


@pytest.fixture
def answered_study(evaluated_set, open_study, answer):
    """Closed; three people who prefer different methods, of a set that was evaluated."""
    for number in range(3):
        chosen = lambda planned, number=number: 1 + (planned.position * number) % 4  # noqa: E731
        answer(Participation.objects.enrol(open_study, f"person-{number}"), 26, chooses=chosen)
    open_study.close()
    return Study.objects.get(pk=open_study.pk)


def zipped(folder):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return SimpleUploadedFile("set.zip", out.getvalue(), "application/zip")


def rows_of(page):
    table = page[page.index("Metrics of faithfulness") :]
    return table[table.index("<tbody>") : table.index("</tbody>")].split("<tr>")[1:]


def test_the_sets_page_shows_the_best_of_each_metric_in_bold_and_the_direction(researcher, evaluated_set):
    page = researcher.get(SET).content.decode()
    assert "lower is better" in page
    first, *_, last = rows_of(page)
    assert "<strong>0.0465 ±0.25</strong>" in first  # the least deletion
    assert first.count("<strong>") == 1
    assert "<strong>3.19 ±0.25</strong>" in last  # the greatest Gini index
    assert "Somebody 2020" in page


def test_metrics_of_methods_alone_name_no_number_of_maps(researcher, own_folder):
    evaluated(own_folder)
    path = own_folder / "metrics/metrics.json"
    record = json.loads(path.read_text())
    record["values"] = [
        {"method": method, "label": "", "replicate": 1, "score": "deletion", "value": 1.0}
        for method in METHODS
    ]
    path.write_text(json.dumps(record))
    import_set(own_folder)
    page = researcher.get(SET).content.decode()
    assert "its unit is the seed" in page
    assert "0 maps" not in page


def test_a_set_without_metrics_says_how_they_come(researcher, explanation_set):
    assert "python -m explanations evaluate SET" in researcher.get(SET).content.decode()
    assert researcher.get(SET + "metrics.csv").status_code == 404


def test_a_map_shows_its_own_values(researcher, evaluated_set):
    class_map = evaluated_set.class_maps.get(method__slug="lime", label="3", replicate=2)
    assert "<dd>1.03</dd>" in researcher.get(class_map.get_absolute_url()).content.decode()


def test_a_value_below_zero_has_a_true_minus_sign(researcher, own_folder):
    found = import_set(evaluated(own_folder, lambda *key: -value_of(*key)))
    page = researcher.get(SET).content.decode()
    assert "<strong>\N{MINUS SIGN}3.05 ±0.25</strong>" in page
    assert "\N{MINUS SIGN}" in found.metrics.of_map("lime", "3", 2)[0].value


def test_an_evaluation_after_the_import_is_added_to_the_same_set(explanation_set, own_folder, capsys):
    call_command("import_set", str(evaluated(own_folder)))
    assert capsys.readouterr().out == "tiny: 100 pictures, 2 metrics\n"
    assert ExplanationSet.objects.get().metrics.scores[0]["slug"] == "deletion"


def test_an_upload_adds_and_renews_metrics(researcher, explanation_set, own_folder):
    for factor in (1, 2):
        evaluated(own_folder, lambda *key, factor=factor: factor * value_of(*key))
        researcher.post("/studio/sets/upload/", {"file": zipped(own_folder)})
        shown = researcher.get(SET + "metrics.json").json()["values"][0]["value"]
        assert shown == factor * value_of("lime", "0", 1, "deletion")
    assert ExplanationSet.objects.count() == 1


def test_a_folder_without_metrics_takes_none_away(evaluated_set, set_folder):
    assert import_set(set_folder) == evaluated_set
    assert ExplanationSet.objects.get().metrics


def spoil_json(**changes):
    def spoil(folder):
        path = folder / "metrics/metrics.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (spoil_json(classifier="9" * 64), "metrics/metrics.json: classifier is '999"),
        (spoil_json(scores=[]), "metrics/metrics.json: scores: "),
        (spoil_json(format="other/1"), "metrics/metrics.json: format: "),
        (
            spoil_json(methods=[{"slug": "rise", "title": "RISE", "scores": {}}]),
            "metrics/metrics.json: has a method 'rise'; the set has normlime, lime, smoothgrad, vargrad.",
        ),
        (
            lambda folder: (folder / "metrics/metrics.json").write_text("{"),
            "metrics/metrics.json: is no JSON",
        ),
        (
            lambda folder: (folder / "metrics/metrics.csv").write_text("a,b\n"),
            "metrics/metrics.csv: no column 'method' among a, b",
        ),
        (
            lambda folder: (folder / "metrics/metrics.csv").unlink(),
            "manifest.json: names metrics/metrics.csv, which is not there; evaluate the set again.",
        ),
        (
            lambda folder: manifests.name_metrics(folder, ["../../x.csv", "a.json", "b.svg"]),
            "manifest.json: '../../x.csv' leads out of the set's folder.",
        ),
        (
            lambda folder: manifests.name_metrics(folder, FILES[:1]),
            "manifest.json: metrics.files is ['metrics/m",
        ),
    ],
)
def test_metrics_that_are_not_the_sets_are_refused_and_nothing_is_stored(own_folder, spoil, sentence):
    spoil(evaluated(own_folder))
    with pytest.raises(ImportRefused) as refused:
        import_set(own_folder)
    assert str(refused.value).startswith(sentence)
    assert not ExplanationSet.objects.exists()


def test_files_are_for_researchers_and_a_figure_runs_nothing(researcher, stranger, evaluated_set):
    figure = researcher.get(SET + "metrics.svg")
    assert figure.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in figure.headers["Content-Security-Policy"]
    assert stranger.get(SET + "metrics.svg").status_code == 302
    assert researcher.get(SET + "metrics.txt").status_code == 404


def test_the_results_say_whether_metrics_and_people_agree(researcher, answered_study):
    page = researcher.get("/studio/studies/digits/results/").content.decode()
    for told in (
        "Do metrics and people agree?",
        "Votes predicted",
        "The votes are about 80 maps in 20 questions.",
        '<th scope="row">Deletion area</th>',
    ):
        assert told in page
    assert "--metrics metrics.csv" in page
    chart = researcher.get("/studio/studies/digits/results/metrics.svg")
    assert b"Gini index" in chart.content


def test_metrics_that_come_after_the_votes_are_in_the_next_report(open_study, answer, own_folder):
    answer(Participation.objects.enrol(open_study, "person"), 26)
    assert study_report(open_study).as_dict()["metric_agreement"] is None
    import_set(evaluated(own_folder))
    found = study_report(Study.objects.get()).as_dict()["metric_agreement"]
    assert [row["metric"] for row in found["metrics"]] == list(SCORES)


def test_pages_with_metrics_take_few_queries(researcher, answered_study, django_assert_max_num_queries):
    for address in (SET, "/studio/studies/digits/results/"):
        with django_assert_max_num_queries(12):
            researcher.get(address)


def emptied():
    AuditEvent.objects.all()._raw_delete("default")
    for model in (Answer, PlannedQuestion, Participation, Study, ExplanationSet):
        model.objects.all().delete()


def test_an_archive_keeps_the_metrics_and_its_restoration_says_the_same_of_them(answered_study):
    file = io.BytesIO()
    write_archive(answered_study, file)
    report = study_report(answered_study).as_dict()
    assert {f"set/{name}" for name in FILES} <= set(zipfile.ZipFile(file).namelist())
    emptied()
    assert study_report(restore_archive(file)).as_dict() == report


def test_an_archive_does_not_change_the_metrics_of_a_set_that_is_there(answered_study, own_folder):
    file = io.BytesIO()
    write_archive(answered_study, file)
    Answer.objects.all().delete()
    PlannedQuestion.objects.all().delete()
    Participation.objects.all().delete()
    AuditEvent.objects.all()._raw_delete("default")
    Study.objects.all().delete()
    import_set(evaluated(own_folder, lambda *key: -value_of(*key)))
    restore_archive(file)
    assert ExplanationSet.objects.get().metrics.record["values"][0]["value"] < 0


def test_the_api_says_that_a_set_was_evaluated_and_hands_its_metrics_out(researcher, evaluated_set):
    assert researcher.get("/api/v1/sets/tiny/").json()["is_evaluated"] is True
    table = researcher.get("/api/v1/sets/tiny/metrics.csv").content.decode()
    assert table.startswith("method,title,label,replicate,metric,metric_title,value,better\n")
    assert researcher.get("/api/v1/sets/tiny/metrics.pdf").status_code == 404
