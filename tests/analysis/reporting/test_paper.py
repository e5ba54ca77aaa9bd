import os
import shutil
import subprocess

import pytest

from analysis import report
from analysis.__main__ import main
from analysis.reporting.formats import paper


@pytest.fixture(scope="module")
def files(normlime_table):
    return paper.files(report(normlime_table).document)


def test_the_folder_holds_text_references_and_a_pdf_of_each_chart(files, normlime_table):
    assert {"main.tex", "results.tex", "methods.tex", "references.bib"} <= set(files)
    charts = {f"figures/{chart.name}.pdf" for chart in report(normlime_table).document.charts}
    assert charts == {name for name in files if name.startswith("figures/")}
    assert all(files[name].startswith(b"%PDF") for name in charts)


def test_every_citation_is_in_the_references(files):
    references = files["references.bib"].decode()
    for name in ("methods.tex", "results.tex"):
        text = files[name].decode()
        assert "[@" not in text
        for cited in text.split(r"\citep{")[1:]:
            assert all(f"{{{key}," in references for key in cited.split("}")[0].split(","))


def test_the_methods_name_participants_and_the_primary_test(files):
    methods = files["methods.tex"].decode()
    assert "repeated-measures ANOVA" in methods
    assert "83 participants" in methods


def test_a_folder_is_asked_for_by_name(normlime_path, capfd):
    assert main(["report", str(normlime_path), "--format", "paper"]) == 2
    assert capfd.readouterr().err == "--format paper writes a folder; name it with --out FOLDER\n"


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("pdflatex") is None and "BEHOLDER_SKIP_NOTHING" not in os.environ,
    reason="pdflatex is not installed",
)
def test_the_paper_compiles(files, tmp_path):
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main"]
    for command in (latex, ["bibtex", "main"], latex):
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "main.pdf").stat().st_size > 20_000
