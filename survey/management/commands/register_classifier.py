"""Registers a classifier and its data, so that researchers may start builds of it from the studio."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from survey.models import Classifier


class Command(BaseCommand):
    help = "Register a classifier with its data for builds from the studio. It is code, so only a shell may."

    def add_arguments(self, parser):
        parser.add_argument("name", help="what researchers choose it by")
        parser.add_argument("--model", required=True, help="package.module:factory")
        parser.add_argument("--weights", required=True, help="safetensors")
        parser.add_argument("--data", default="", help="folder of images (default: the bundled MNIST)")

    def handle(self, *, name, model, weights, data, **options):
        module, colon, factory = model.partition(":")
        if not (module and colon and factory):
            raise CommandError(f"--model is {model!r}; write package.module:factory")
        if not Path(weights).is_file():
            raise CommandError(f"--weights: there is no file {weights}")
        if data and not Path(data).exists():
            raise CommandError(f"--data: there is no folder {data}")
        paths = {"weights": str(Path(weights).resolve()), "data": str(Path(data).resolve()) if data else ""}
        _, is_new = Classifier.objects.update_or_create(name=name, defaults={"factory": model, **paths})
        self.stdout.write(f"{name}: {'registered' if is_new else 'changed'}")
