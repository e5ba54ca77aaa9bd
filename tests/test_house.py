"""The nevers of the house: which room may not import which, and which names no module has."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("analysis", "explanations", "survey")
TOP_LEVEL = {*ROOMS, "templates", "tests", "benchmarks"} | {
    "manage.py",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
}
NAMELESS = {"utils", "helpers", "common", "misc", "base", "manager"}

# Where, and what may not be imported there; a name forbids what is below it, too.
NEVER = [
    ("explanations", ["django", "survey", "analysis"]),
    ("analysis", ["django", "torch", "survey", "explanations"]),
    ("survey", ["torch", "captum", "sklearn"]),
    ("survey/models", ["survey.forms", "survey.views", "survey.api"]),
    ("survey/views/participant.py", ["survey.views.studio", "survey.views.results"]),
    ("survey/views/studio", ["survey.views.participant", "survey.views.results"]),
    ("survey/views/results.py", ["survey.views.participant", "survey.views.studio"]),
]
# What only these doors may import.
DOORS = [
    ("explanations", ("survey/importing.py",)),
    ("analysis", ("survey/exporting.py", "survey/planning.py")),
]
STANDARD_LIBRARY_AND_NUMPY = "explanations/manifest/__init__.py"


def modules(place):
    path = ROOT / place
    return [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))


def imports(path):
    """The full dotted names that a module imports, relative ones resolved, with their lines."""
    package = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level] if node.level else ()
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((f"{source}.{alias.name}", node.lineno) for alias in node.names)


def reached(path):
    """What a module imports from outside the project, itself or through the project's modules."""
    seen, left, outside = set(), [path], set()
    while left:
        seen.add(path := left.pop())
        for name, _ in imports(path):
            own = [file for file in files(name) if file.is_file()]
            left += [file for file in own if file not in seen]
            if name.split(".")[0] not in ROOMS:
                outside.add(name)
    return outside


def files(name):
    """Where the source of an imported name may lie: a module, a package, or a name in either."""
    for dotted in (name, name.rpartition(".")[0]):
        place = ROOT.joinpath(*dotted.split("."))
        yield from (place.with_suffix(".py"), place / "__init__.py")


def is_below(name, forbidden):
    return name == forbidden or name.startswith(f"{forbidden}.")


def broken(place, forbidden):
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}, which {place} never does"
        for path in modules(place)
        for name, line in imports(path)
        if any(is_below(name, one) for one in forbidden)
    ]


@pytest.mark.parametrize(("place", "forbidden"), NEVER, ids=[place for place, _ in NEVER])
def test_no_room_imports_what_it_never_may(place, forbidden):
    assert broken(place, forbidden) == []


@pytest.mark.parametrize(("pillar", "doors"), DOORS, ids=[pillar for pillar, _ in DOORS])
def test_the_site_enters_a_pillar_by_its_doors_only(pillar, doors):
    elsewhere = [line for line in broken("survey", [pillar]) if line.split(":")[0] not in doors]
    assert elsewhere == []


def test_of_explanations_the_site_imports_the_manifest_only():
    names = {name for name, _ in imports(ROOT / "survey/importing.py") if is_below(name, "explanations")}
    assert names == {"explanations.manifest"}


def test_the_manifest_needs_the_standard_library_and_numpy_only():
    sources = {name.split(".")[0] for name in reached(ROOT / STANDARD_LIBRARY_AND_NUMPY)}
    assert sources - {"numpy"} <= sys.stdlib_module_names


def test_what_a_module_reaches_through_another_of_its_room_is_found(tmp_path, monkeypatch):
    (tmp_path / "explanations/manifest").mkdir(parents=True)
    (tmp_path / "explanations/manifest/__init__.py").write_text("from explanations.manifest import arrays\n")
    (tmp_path / "explanations/manifest/arrays.py").write_text("from explanations.cache import find\n")
    (tmp_path / "explanations/cache.py").write_text("import torch\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert "torch" in reached(tmp_path / STANDARD_LIBRARY_AND_NUMPY)


def test_no_module_has_a_name_that_says_nothing():
    named = [
        path for room in (*ROOMS, "tests", "benchmarks") for path in modules(room) if path.stem in NAMELESS
    ]
    assert named == []


def test_the_top_level_holds_what_the_design_has_and_nothing_else():
    ignored = {"__pycache__"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - ignored
    assert found <= TOP_LEVEL


def test_templates_neither_query_nor_load_python():
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert ".objects" not in text, path
        assert ".filter" not in text, path


def test_a_forbidden_import_is_found_and_named(tmp_path, monkeypatch):
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis/door.py").write_text("import math\nfrom survey.models import Study\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert broken("analysis", ["survey"]) == [
        "analysis/door.py:2 imports survey.models.Study, which analysis never does"
    ]


def test_a_relative_import_is_found_too(tmp_path, monkeypatch):
    (tmp_path / "survey/models").mkdir(parents=True)
    (tmp_path / "survey/models/studies.py").write_text(
        "from ..forms import StudyForm\nfrom .. import views\n"
    )
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert len(broken("survey/models", ["survey.forms", "survey.views"])) == 2
