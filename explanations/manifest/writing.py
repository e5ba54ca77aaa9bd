"""Conversion of a manifest's records to manifest.json, in the format that the manifest names."""

import dataclasses
import json
from typing import Any

from explanations.manifest.records import Classifier, Manifest, keys

# Left out where they are empty: a set is written as it was before these keys existed.
_LEFT_OUT_IF_EMPTY = ("picked", "metrics", "originals", "left_out", "equal")


def text(manifest: Manifest) -> str:
    """JSON with sorted keys, the maps in the order of method, label and replicate, one newline at the end."""
    record = to_json(manifest, manifest.format)
    record["maps"].sort(key=lambda entry: (entry["method"], entry["label"], entry["replicate"]))
    return json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_json(value: Any, format: str) -> Any:
    """A record, or what a field of one holds, as JSON has it in this format."""
    if value == Classifier():
        return None
    if dataclasses.is_dataclass(value):
        values = {key: getattr(value, key) for key in keys(type(value), format)}
        return {
            key: to_json(entry, format)
            for key, entry in values.items()
            if entry or key not in _LEFT_OUT_IF_EMPTY
        }
    if isinstance(value, tuple):
        return [to_json(entry, format) for entry in value]
    return value
