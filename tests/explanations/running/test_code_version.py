import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from explanations.methods.registry import LOCALS
from explanations.running import code_version

METHOD = '''
"""Says nothing."""
from drawn.paint import paint

def explain(model):
    from drawn import late
    return paint(model) + late.more
'''
PAINT = "def paint(model):\n    return 1\n"
NETWORK = """
from torch import nn

class Net(nn.Sequential):
    def forward(self, images):
        return {}
"""


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The version of a method of the package `drawn`, in which one file's text has become another."""
    folder = tmp_path / "drawn"
    folder.mkdir()
    texts = {"__init__": "", "method": METHOD, "paint": PAINT, "late": "more = 2\n", "apart": "nobody = 0\n"}
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def of(name: str = "", text: str = "") -> str:
        for stem, own in texts.items():
            (folder / f"{stem}.py").write_text(text if stem == name else own)
        for known in [known for known in sys.modules if known.partition(".")[0] == "drawn"]:
            monkeypatch.delitem(sys.modules, known)
        importlib.invalidate_caches()
        for kept in (code_version._imported, code_version._digest, code_version._source):
            kept.cache_clear()
        return code_version.code_version(importlib.import_module("drawn.method").explain)

    return of


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("method", METHOD.replace("+ late", "- late")),
        ("paint", PAINT.replace("1", "2")),
        ("late", "more = 3\n"),
        ("__init__", "here = 1\n"),
    ],
)
def test_a_change_of_what_a_method_reaches_is_another_version(
    name: str, text: str, version: Callable[..., str]
) -> None:
    assert version(name, text) != version()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("apart", "nobody = 1\n"),
        ("paint", 'def paint(model):\n    """One."""\n    return (1)  # indeed\n'),
        ("method", METHOD.replace("nothing", "something")),
    ],
)
def test_a_change_of_words_or_of_anything_else_is_none(
    name: str, text: str, version: Callable[..., str]
) -> None:
    assert version(name, text) == version()


def test_a_method_of_one_image_at_a_time_is_known_by_what_it_wraps() -> None:
    slugs = ("gradient", "occlusion", "lrp")
    assert len({code_version.code_version(LOCALS[slug].explain) for slug in slugs}) == 3


def test_a_function_without_a_file_is_known_by_its_compiled_code() -> None:
    def made(text: str) -> Callable[..., Any]:
        scope: dict[str, Any] = {"__name__": "no_such_module"}
        exec(text, scope)
        return scope["explain"]

    one, two = (made(f"def explain(model): return {number}") for number in (1, 2))
    assert code_version.code_version(one) != code_version.code_version(two)


def test_a_network_is_known_by_the_code_of_its_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name, value in (("first", "images"), ("second", "images * 2")):
        (tmp_path / f"{name}_net.py").write_text(NETWORK.format(value))
        monkeypatch.syspath_prepend(tmp_path)
        network = importlib.import_module(f"{name}_net").Net
        network.__module__ = "net"  # as if it were the same file before and after
        monkeypatch.setitem(sys.modules, "net", sys.modules[f"{name}_net"])
        found.append(code_version.network_version(network(nn.ReLU())))
    assert found[0] != found[1]


def test_pytorchs_own_modules_are_known_by_its_version() -> None:
    assert code_version.network_version(nn.ReLU()) == code_version.network_version(nn.Sigmoid())
