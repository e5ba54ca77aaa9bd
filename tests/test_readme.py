"""The README and what it leads to are true: what they name exists, and no command or setting is left out."""

import re
from pathlib import Path

import pytest
from django.core.management import BaseCommand, get_commands, load_command_class

from analysis import VoteTable, report
from analysis import __main__ as analysis_command
from analysis.votes.columns import COLUMNS
from explanations import __main__ as explanations_command

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / ".github/COMMANDS.md", ROOT / ".github/CONTRIBUTING.md"]
PAGES += sorted((ROOT / "docs").glob("*.md"))
README, LIST_OF_COMMANDS, *_ = texts = [page.read_text(encoding="utf-8") for page in PAGES]
ALL = "\n".join(texts)
SITE_COMMANDS = sorted(name for name, app in get_commands().items() if app == "survey")


def subparsers(parser):
    """The parsers of a command line's subcommands by name."""
    [action] = [
        action
        for action in parser._actions
        if hasattr(action, "choices") and isinstance(action.choices, dict)
    ]
    return action.choices


def flags(parser):
    return {flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")} - {
        "--help"
    }


def commands():
    """Every command of the house with the flags that are its own."""
    for package, module in (("analysis", analysis_command), ("explanations", explanations_command)):
        for name, parser in subparsers(module.parser()).items():
            yield f"python -m {package} {name}", flags(parser)
    for name in SITE_COMMANDS:
        command = load_command_class("survey", name)
        inherited = flags(BaseCommand().create_parser("manage.py", name))
        yield f"python manage.py {name}", flags(command.create_parser("manage.py", name)) - inherited


COMMANDS = dict(commands())


def table_row(command):
    """The line of a command in their list."""
    [row] = [line for line in LIST_OF_COMMANDS.splitlines() if line.startswith(f"| `{command}` |")]
    return row


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_each_of_its_flags_is_in_their_list(command):
    named = set(re.findall(r"--[\w-]+", table_row(command)))
    assert named == COMMANDS[command]


def test_every_command_that_the_readme_names_exists():
    own = re.findall(r"python (?:-m (?:analysis|explanations)|manage\.py) [\w-]+", ALL)
    django = {"python manage.py migrate", "python manage.py createsuperuser"}
    django |= {"python manage.py runserver", "python manage.py collectstatic"}
    django |= {"python manage.py db_worker"}
    assert set(own) <= set(COMMANDS) | django


def test_every_setting_is_in_the_readme_and_no_other():
    settings = (ROOT / "survey/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', settings))
    table = README.split("## Settings")[1].split("## ")[0]
    named = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])
    }
    assert named == read


def test_every_target_of_make_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make (\w[\w-]*)(?=[`\s])", ALL):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_picture_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", text)
    named = [page.parent / (one or other) for one, other in links]
    named += [
        ROOT / path
        for path in re.findall(r"`((?:survey|analysis|explanations|tests|benchmarks)/[\w./-]+)`", text)
    ]
    assert [path for path in named if not path.exists()] == []


def test_the_readmes_python_runs(capsys):
    code = README.split("```python\n")[1].split("```")[0]
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith(
        "One-way ANOVA of 9 numbers in 3 groups (NormLIME, LIME, VarGrad)"
    )


def test_the_report_in_the_readme_is_the_one_that_is_printed():
    example = README.split("votes.csv\n", 1)[1].split("...\n")[0]
    table = ROOT / "tests/analysis/cases/normlime/votes.csv"
    assert str(report(VoteTable.read(table))).startswith(example)


def test_the_figures_of_the_readme_are_those_of_the_paper():
    anova = report(VoteTable.read(ROOT / "tests/analysis/cases/normlime/votes.csv")).omnibus.one_way
    assert f"F(3, 328) = {anova.F:.5f}, p = {anova.p:.4e}" in README


def test_every_column_of_a_vote_table_is_described_in_the_docs():
    described = (ROOT / "docs/vote-table.md").read_text(encoding="utf-8")
    for column, meaning in COLUMNS.items():
        if not re.search(r"_\d+$", column):
            assert f"| `{column}` | {meaning} |" in described
