"""The files of an explanation set: what they are called, their bytes, and what is said of a set that is not
whole."""

from pathlib import Path

MANIFEST_FILE = "manifest.json"
MAPS_FILE = "maps.safetensors"
SUPPORT_FILE = "support.safetensors"
IMAGES_FOLDER = "images"
ORIGINALS_FOLDER = "originals"


class ManifestError(ValueError):
    """The folder is not a valid explanation set. One line: file, key, value, what is allowed, next step."""


def content(folder: Path, name: str) -> bytes:
    """The bytes of a file of the set. Links that lead out of the folder are refused."""
    path = folder / name
    if not folder.is_dir():
        reason = "it is a file" if folder.exists() else "it is not there"
        raise ManifestError(
            f"{folder}: has no {MANIFEST_FILE}, for {reason}; name the folder of a finished explanation set, "
            "or make one with: python -m explanations build --out FOLDER"
        )
    if not path.is_file():
        if name == MANIFEST_FILE:
            raise ManifestError(
                f"{folder}: has no {name}, so it is no finished explanation set; "
                f"finish it with: python -m explanations build --out {folder}"
            )
        raise ManifestError(f"{folder}: has no {name}; build the set again")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ManifestError(
            f"{name}: is a link that leads out of the set's folder; put the file itself there"
        )
    return path.read_bytes()
