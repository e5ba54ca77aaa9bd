"""A report as strict JSON, described by report.schema.json: null is undefined, and a note says why."""

import json
from importlib import resources
from typing import Any

from analysis.reporting.document import Document


def write(document: Document) -> str:
    """All numbers with all their digits."""
    return json.dumps(document.record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of the report."""
    text = resources.files(__package__).joinpath("report.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
