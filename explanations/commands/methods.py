"""List the explanation methods, as text or as JSON."""

import argparse
import json

from explanations.attribution.local import NEEDS
from explanations.methods import names, registry


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="METHOD",
        help="names of methods, or import paths of your own, as in ./file.py:function (default: all)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace) -> None:
    """List the explanation methods, as text or as JSON."""
    installed = [names.find(name) for name in names.installed_methods()]
    methods = [*map(names.find, options.names)] or [*registry.METHODS.values(), *installed]
    if options.format == "json":
        print(json.dumps([_listed(method) for method in methods], indent=1))
        return
    for method in methods:
        parameters = ", ".join(f"{key}={value}" for key, value in method.local.defaults.items())
        print(f"{method.slug}: {method.title}. {method.reference}")
        if also := names.aliases(method.slug):
            print(f"    also: {', '.join(also)}")
        print(f"    {method.local.slug}: {parameters}")


def _listed(method: registry.ExplanationMethod) -> dict[str, object]:
    """The entry of a method in the list of methods."""
    return {
        "slug": method.slug,
        "aliases": names.aliases(method.slug),
        "title": method.title,
        "reference": method.reference,
        "signed": method.signed,
        "needs": {need: NEEDS[need] for need in method.local.needs},
        "local": method.local.slug,
        "aggregation": method.aggregation.slug,
        "parameters": method.local.defaults,
        "default": method.slug in registry.DEFAULT,
    }
