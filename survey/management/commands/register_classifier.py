"""Registers a classifier and its data, so that researchers may start builds of it from the studio."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from survey.importing import PREPROCESSING_KEYS
from survey.models import Classifier


class Command(BaseCommand):
    help = "Register a classifier with its data for builds from the studio. It is code, so only a shell may."

    def add_arguments(self, parser):
        parser.add_argument("name", help="what researchers choose it by")
        parser.add_argument(
            "--model",
            required=True,
            help="package.module:factory, or with arguments: ...:factory(classes=10)",
        )
        parser.add_argument("--weights", required=True, help="safetensors")
        parser.add_argument(
            "--data",
            default="",
            help="folder of IDX files, folder of a folder of pictures a class, or .npz file (default: MNIST)",
        )
        parser.add_argument(
            "--preprocessing",
            nargs="+",
            default=[],
            metavar="KEY=VALUE",
            help="what it wants of pictures, as python -m explanations build takes it; or a JSON file",
        )

    def handle(self, *, name, model, weights, data, preprocessing, **options):
        module, colon, factory = model.partition(":")
        if not (module and colon and factory):
            raise CommandError(f"--model is {model!r}; write package.module:factory")
        if not Path(weights).is_file():
            raise CommandError(f"--weights: there is no file {weights}")
        if data and not Path(data).is_dir() and not (Path(data).is_file() and data.endswith(".npz")):
            raise CommandError(f"--data: there is no folder and no .npz file {data}")
        _, is_new = Classifier.objects.update_or_create(
            name=name,
            defaults={
                "factory": model,
                "weights": _whole(weights),
                "data": _whole(data) if data else "",
                "preprocessing": "\n".join(_word(word) for word in preprocessing),
            },
        )
        self.stdout.write(f"{name}: {'registered' if is_new else 'changed'}")


def _word(word):
    """A key with its value, or the whole path of a JSON file that is there."""
    key, equals, _ = word.partition("=")
    if equals and key not in PREPROCESSING_KEYS:
        raise CommandError(f"--preprocessing: there is no {key!r}; allowed: {', '.join(PREPROCESSING_KEYS)}")
    if equals:
        return word
    if not Path(word).is_file():
        raise CommandError(f"--preprocessing: {word!r} is no key=value, and there is no file of this name")
    return _whole(word)


def _whole(path):
    """From the root: a worker may run in another folder."""
    return str(Path(path).resolve())
