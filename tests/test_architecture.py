"""The architecture's rules: who may import whom, how large packages and modules get, and what names say.

Each message names the file and the broken rule. Rules of size and of cycles hold for finished packages.
"""

import ast
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("analysis", "explanations", "survey")
FINISHED = ("analysis", "explanations")
MOST_MODULES = 15  # directly in a package
MOST_LINES = 400  # in a module
TOP_LEVEL = {*PACKAGES, "templates", "tests", "benchmarks", "docs"} | {
    "manage.py",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "Makefile",
    "Dockerfile",
    "compose.yaml",
}
MEANINGLESS = {"utils", "helpers", "common", "misc", "others", "base", "manager"}
TO_RENAME = {"survey/api/others.py"}  # until survey is finished

# Packages within a package, the lowest first: none imports one of a later line.
LAYERS = {
    "analysis": (
        ("numerics",),
        ("votes",),
        ("inference", "estimation", "choice_models"),
        ("design_checks", "metric_agreement", "planning"),
        ("reporting",),
    ),
    "explanations": (
        ("running",),
        ("manifest",),
        ("rendering",),
        ("datasets",),
        ("models", "collecting"),
        ("attribution",),
        ("methods",),
        ("building", "metrics", "figures"),
        ("commands",),
    ),
}
# Where, and what may not be imported there; a name forbids what is below it, too.
NEVER = [
    ("explanations", ["django", "survey", "analysis"]),
    *((f"explanations/{package}", ["torch"]) for package in ("running", "manifest", "rendering")),
    ("analysis", ["django", "torch", "survey", "explanations"]),
    *(
        (f"{whole}/{package}", [f"{whole}.{later}" for layer in layers[i + 1 :] for later in layer])
        for whole, layers in LAYERS.items()
        for i, layer in enumerate(layers[:-1])
        for package in layer
    ),
    ("survey", ["torch", "captum", "sklearn"]),
    ("survey/models", ["survey.forms", "survey.views", "survey.api"]),
    ("survey/views/participant.py", ["survey.views.studio", "survey.views.results"]),
    ("survey/views/studio", ["survey.views.participant", "survey.views.results"]),
    ("survey/views/results.py", ["survey.views.participant", "survey.views.studio"]),
]
# What only these modules of the site may import.
GATEWAYS = [
    ("explanations", ("survey/importing.py", "survey/designing/noise.py")),
    ("analysis", ("survey/exporting.py", "survey/planning.py")),
]
STANDARD_LIBRARY_AND_NUMPY = "explanations/manifest/__init__.py"

TEMPLATE_LIBRARIES = {"humanize", "i18n", "l10n", "static", "django_htmx", "typesetting"}
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_QUERY = re.compile(r"\.(objects|filter|exclude|count|exists|all|order_by|aggregate|annotate|values_list)\b")
_LOAD = re.compile(r"\{%\s*load\s+(.*?)\s*%\}")


# Imports


def modules(place):
    path = ROOT / place
    return [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))


@cache
def imports(path):
    """The full dotted names that a module imports, relative ones resolved, with their lines."""
    return list(_imports(path))


def _imports(path):
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
            if name.split(".")[0] not in PACKAGES:
                outside.add(name)
    return outside


def files(name):
    """Where the source of an imported name may lie: a module, a package, or a name in either."""
    for dotted in (name, name.rpartition(".")[0]):
        place = ROOT.joinpath(*dotted.split("."))
        yield from (place.with_suffix(".py"), place / "__init__.py")


def is_below(name, forbidden):
    return name == forbidden or name.startswith(f"{forbidden}.")


def forbidden_imports(place, forbidden):
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}, which {place} may not"
        for path in modules(place)
        for name, line in imports(path)
        if any(is_below(name, one) for one in forbidden)
    ]


def import_cycles(package):
    """Groups of modules that import each other in a circle, wherever in the module the import stands."""
    graph = {path: {next(filter(Path.is_file, files(name)), None) for name, _ in imports(path)} - {path, None}
             for path in modules(package)}  # fmt: skip
    reachable = {path: _reachable(graph, path) for path in graph}
    groups = {
        frozenset(other for other in reachable[path] if path in reachable.get(other, ())) for path in graph
    }
    return [
        f"{', '.join(sorted(str(path.relative_to(ROOT)) for path in group))} import each other in a circle"
        for group in groups
        if group
    ]


def _reachable(graph, path):
    seen, left = set(), [path]
    while left:
        for other in graph.get(left.pop(), ()):
            if other not in seen:
                seen.add(other)
                left.append(other)
    return seen


@pytest.mark.parametrize(("place", "forbidden"), NEVER, ids=[place for place, _ in NEVER])
def test_no_package_imports_what_it_may_not(place, forbidden):
    assert forbidden_imports(place, forbidden) == []


@pytest.mark.parametrize(("package", "gateways"), GATEWAYS, ids=[package for package, _ in GATEWAYS])
def test_the_site_imports_the_other_packages_through_few_modules_only(package, gateways):
    elsewhere = [
        line for line in forbidden_imports("survey", [package]) if line.split(":")[0] not in gateways
    ]
    assert elsewhere == []


def test_of_explanations_the_site_imports_the_manifest_only():
    names = {name for name, _ in imports(ROOT / "survey/importing.py") if is_below(name, "explanations")}
    assert names == {"explanations.manifest"}


def test_the_manifest_needs_the_standard_library_and_numpy_only():
    sources = {name.split(".")[0] for name in reached(ROOT / STANDARD_LIBRARY_AND_NUMPY)}
    assert sources - {"numpy"} <= sys.stdlib_module_names


@pytest.mark.parametrize("package", FINISHED)
def test_no_modules_import_each_other_in_a_circle(package):
    assert import_cycles(package) == []


# Sizes and names


def flat_packages(package):
    sizes = Counter(path.parent for path in modules(package) if path.name != "__init__.py")
    return [
        f"{folder.relative_to(ROOT)} has {size} modules directly in it, more than {MOST_MODULES}"
        for folder, size in sizes.items()
        if size > MOST_MODULES
    ]


def long_modules(package):
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(package)}
    return [
        f"{path.relative_to(ROOT)} has {size} lines, more than {MOST_LINES}"
        for path, size in sizes.items()
        if size > MOST_LINES
    ]


def meaningless_names(*packages):
    paths = [path for package in packages for path in modules(package) if path.stem in MEANINGLESS]
    names = [str(path.relative_to(ROOT)) for path in paths]
    return [f"{name} has a name that does not say what it holds" for name in names if name not in TO_RENAME]


@pytest.mark.parametrize("package", FINISHED)
def test_no_package_is_flat(package):
    assert flat_packages(package) == []


@pytest.mark.parametrize("package", FINISHED)
def test_no_module_is_long(package):
    assert long_modules(package) == []


def test_every_module_has_a_name_that_says_what_it_holds():
    assert meaningless_names(*PACKAGES, "tests", "benchmarks") == []


def test_the_top_level_holds_what_the_design_names_and_nothing_else():
    names = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"__pycache__"}
    assert sorted(names - TOP_LEVEL) == []


# Templates


def template_faults(path):
    """Queries in tags of a template, and tag libraries that are not on the list."""
    name = path.relative_to(ROOT)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for tag in _TAG.findall(line):
            if query := _QUERY.search(tag):
                yield f"{name}:{number} asks the database for {query[0]}; a view hands over what is shown"
        for load in _LOAD.findall(line):
            libraries = load.split(" from ")[-1].split()
            for library in set(libraries) - TEMPLATE_LIBRARIES:
                yield f"{name}:{number} loads {library}, which is not an allowed tag library"


def test_templates_neither_query_nor_load_other_tag_libraries():
    paths = sorted((ROOT / "templates").rglob("*.html"))
    assert [fault for path in paths for fault in template_faults(path)] == []


# The checks themselves


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Writes a file of an empty project that the checks then look at."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)

    def write(path, text=""):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write


def test_a_forbidden_import_is_found_and_named(source):
    source("analysis/entry.py", "import math\nfrom survey.models import Study\n")
    assert forbidden_imports("analysis", ["survey"]) == [
        "analysis/entry.py:2 imports survey.models.Study, which analysis may not"
    ]


def test_a_relative_import_is_found_too(source):
    source("survey/models/studies.py", "from ..forms import StudyForm\nfrom .. import views\n")
    assert len(forbidden_imports("survey/models", ["survey.forms", "survey.views"])) == 2


def test_what_a_module_reaches_through_another_is_found(source):
    manifest = source(STANDARD_LIBRARY_AND_NUMPY, "from explanations.manifest import arrays\n")
    source("explanations/manifest/arrays.py", "from explanations.cache import find\n")
    source("explanations/cache.py", "import torch\n")
    assert "torch" in reached(manifest)


@pytest.mark.parametrize(
    "text",
    [
        "from analysis.b import f\n",
        "def g():\n    from analysis.b import f\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from analysis import b\n",
        "from . import b\n",
    ],
    ids=["at the top", "in a function", "for type checking", "relative"],
)
def test_a_cycle_is_found_wherever_the_import_stands(source, text):
    source("analysis/a.py", text)
    source("analysis/b.py", "import analysis.c\n")
    source("analysis/c.py", "from analysis.a import g\n")
    source("analysis/d.py", "import analysis.a\n")
    assert import_cycles("analysis") == [
        "analysis/a.py, analysis/b.py, analysis/c.py import each other in a circle"
    ]


def test_a_package_that_imports_its_own_modules_is_no_cycle(source):
    source("analysis/__init__.py", "from analysis.a import f\n")
    source("analysis/a.py", "from analysis import b\n")
    source("analysis/b.py")
    assert import_cycles("analysis") == []


def test_a_flat_package_is_found(source):
    for number in range(16):
        source(f"analysis/votes/m{number}.py")
    assert flat_packages("analysis") == ["analysis/votes has 16 modules directly in it, more than 15"]


def test_a_long_module_is_found(source):
    source("analysis/a.py", "x = 1\n" * 401)
    assert long_modules("analysis") == ["analysis/a.py has 401 lines, more than 400"]


def test_a_name_that_says_nothing_is_found(source):
    source("analysis/others.py")
    assert meaningless_names("analysis") == ["analysis/others.py has a name that does not say what it holds"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ study.texts.all|length }}", "asks the database for .all; a view hands over what is shown"),
        ("{% if a.exists %}", "asks the database for .exists; a view hands over what is shown"),
        ("{% if a.count > 1 %}", "asks the database for .count; a view hands over what is shown"),
        ("{% load survey_queries %}", "loads survey_queries, which is not an allowed tag library"),
        ("{% load f from queries %}", "loads queries, which is not an allowed tag library"),
    ],
)
def test_a_template_that_does_more_than_show_is_found(source, text, fault):
    path = source("templates/studio/page.html", f"<p>\n{text}</p>\n")
    assert list(template_faults(path)) == [f"templates/studio/page.html:2 {fault}"]


def test_what_only_looks_like_a_query_is_allowed(source):
    text = "{% load static i18n %}<p>{{ forloop.counter }} See all. {% translate 'filter' %}</p>"
    assert list(template_faults(source("templates/page.html", text))) == []
