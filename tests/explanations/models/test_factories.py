import re
import sys
from pathlib import Path

import pytest
from torch import nn

from explanations.models import factories

MODULE = """
from torch import nn

class Family:
    @classmethod
    def of(cls, *sizes, last=1):
        return nn.Linear(sizes[0], last)

def fails():
    raise RuntimeError("no weights\\nhere")

number = 5
"""


@pytest.fixture
def families(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable module `families` with a factory in a class, and one that fails."""
    (tmp_path / "families.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "families", raising=False)
    return tmp_path


def test_a_factory_may_stand_in_a_class_and_take_arguments(families: Path) -> None:
    model = factories.read("families:Family.of(8, last=3)").make()
    assert isinstance(model, nn.Linear)
    assert (model.in_features, model.out_features) == (8, 3)


@pytest.mark.parametrize(
    "text",
    ["families", ":of", "families:", "families:Family.of(", "families:open('x').read", "families:1 + 1",
     "families:Family.of(exit())", "families:Family.of(*[8])", "families:Family.of(**{'last': 2})"],
)  # fmt: skip
def test_what_is_no_name_with_plain_arguments_is_refused_and_not_run(families: Path, text: str) -> None:
    with pytest.raises(
        ValueError, match=f"^{re.escape(repr(text))} is not a factory; write package.module:name"
    ):
        factories.read(text).make()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("families:number", "families:number: is of type int, which cannot be called; name a function"),
        ("families:Family.off(8)", "families:Family.off(8): families has no 'Family.off'"),
        ("families:fails", "families:fails: failed with RuntimeError: no weights here"),
        ("families:Family.of(8, first=1)", "families:Family.of(8, first=1): failed with TypeError: "),
    ],
)
def test_a_factory_that_does_not_work_is_one_line(families: Path, text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}") as caught:
        factories.read(text).make()
    assert "\n" not in str(caught.value)


def test_a_module_that_fails_when_it_is_imported_is_one_line(families: Path) -> None:
    (families / "broken.py").write_text("1 / 0\n")
    with pytest.raises(
        ValueError, match=r"^broken:make: broken fails with ZeroDivisionError: division by zero$"
    ):
        factories.read("broken:make").make()
