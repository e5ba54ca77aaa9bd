"""The files of an explanation set: their names, their bytes, and the error for a set that is not valid."""

from pathlib import Path

MANIFEST_FILE = "manifest.json"
MAPS_FILE = "maps.safetensors"
SUPPORT_FILE = "support.safetensors"
IMAGES_FOLDER = "images"
ORIGINALS_FOLDER = "originals"


class ManifestError(ValueError):
    """The folder is not a valid explanation set. One line: file, key, value, what is allowed, next step."""


def read_file(folder: Path, name: str) -> bytes:
    """The bytes of a file of the set. Links that lead out of the folder are refused."""
    path = folder / name
    if not folder.is_dir():
        reason = "is a file, not a folder" if folder.exists() else "does not exist"
        raise ManifestError(
            f"{folder}: {reason}; name the folder of a finished explanation set, "
            "or make one with: python -m explanations build --out FOLDER"
        )
    if not path.is_file():
        if name == MANIFEST_FILE:
            raise ManifestError(
                f"{folder}: has no {name}, so it is not a finished explanation set; "
                f"finish it with: python -m explanations build --out {folder}"
            )
        raise ManifestError(f"{folder}: has no {name}; build the set again")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ManifestError(
            f"{name}: is a link to a file outside the set's folder; put the file itself there"
        )
    return path.read_bytes()
