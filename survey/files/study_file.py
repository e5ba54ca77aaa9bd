"""The study file: YAML, the whole definition of a study. Export, import, export gives the same bytes.

Its schema is published as `study-file.schema.json` among the static files. What is wrong is said in one line:
file, line, key, value, what is allowed.
"""

import hashlib
import json
import secrets
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from jsonschema import Draft202012Validator

from ..models import ExplanationSet, Method, Study, StudyText
from ..models.questions import Question
from .strict_yaml import YamlRefused, dump, load

FORMAT = "beholder-study/1"
SCHEMA_FILE = Path(__file__).parent.parent / "static/survey/study-file.schema.json"

# Where in the file a column of Study stands.
COLUMNS = {
    "replicates": ("questions", "replicates"),
    "n_shown": ("questions", "shown"),
    "n_practice": ("questions", "practice"),
    "allows_none": ("questions", "none_of_these"),
    "asks_reason": ("questions", "reason"),
    "n_checks": ("checks", "number"),
    "min_passed": ("checks", "needed"),
    "on_failed_checks": ("checks", "on_failure"),
    "quota": ("participants", "wanted"),
    "idle_minutes": ("participants", "idle_minutes"),
    "platform": ("participants", "platform"),
    "return_url": ("participants", "return_address"),
    "code_complete": ("participants", "codes", "complete"),
    "code_failed_checks": ("participants", "codes", "failed_checks"),
    "code_screened_out": ("participants", "codes", "screened_out"),
    "code_no_consent": ("participants", "codes", "no_consent"),
    "on_withdrawal": ("participants", "on_withdrawal"),
    "pay": ("participants", "pay"),
    "currency": ("participants", "currency"),
    "minutes": ("participants", "minutes"),
    "primary_test": ("analysis", "primary_test"),
    "comparisons": ("analysis", "comparisons"),
    "contrasts": ("analysis", "contrasts"),
    "baseline": ("analysis", "baseline"),
    "smallest_difference": ("analysis", "smallest_difference"),
    "alpha": ("analysis", "alpha"),
    "expected_lead": ("analysis", "expected_lead"),
}
# Columns that came later: left out of the file while empty, so that older files keep their bytes and their
# hash.
OMITTED_IF_EMPTY = ("contrasts", "baseline", "smallest_difference")
KINDS = {
    Question.CheckKind.OTHER_CLASS: "checks_other_class",
    Question.CheckKind.NOISE: "checks_noise",
    Question.CheckKind.INSTRUCTED: "checks_instructed",
}


class StudyFileRefused(ValueError):
    """The file is no study file, or doesn't fit this site; one line says what and where."""


def schema():
    """The JSON Schema of the study file, as a dict."""
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def study_sha256(text):
    """What names a frozen design."""
    return hashlib.sha256(text.encode()).hexdigest()


def export_study(study):
    """The study file of a study; of an opened one, its design as it was frozen."""
    return study.design or dump(study_data(study))


def study_data(study):
    """What the study file holds, as dicts and lists, in the file's order."""
    languages = study.languages()
    texts = {text.language: text for text in study.texts.all()}
    data = {
        "format": FORMAT,
        "explanation_set": {"name": study.explanation_set.slug, "sha256": study.explanation_set.digest},
        "seed": study.seed,
        "language": study.default_language,
        "texts": {
            language: {word: getattr(texts[language], word) for word in StudyText.WORDS}
            for language in [languages[0], *sorted(languages[1:])]
            if language in texts
        },
        "methods": [method.slug for method in study.methods()],
        "classes": study.labels(),
    }
    for column, path in COLUMNS.items():
        if column in OMITTED_IF_EMPTY and getattr(study, column) in ([], "", None):
            continue
        *rooms, key = path
        room = data
        for name in rooms:
            room = room.setdefault(name, {})
        room[key] = _plain(getattr(study, column))
    data["checks"]["kinds"] = [str(kind) for kind in study.check_kinds()]
    return data


def _plain(value):
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, str) else value  # a choice is its text


@transaction.atomic
def import_study(text, *, slug, name="study file", **columns):
    """A draft of the study in a study file, under a short name of its own.

    `columns` are those that no file tells: `team_id`, `owner`, `version` and `previous`. Raises
    StudyFileRefused.
    """
    try:
        data, lines = load(text, name)
    except YamlRefused as refusal:
        raise StudyFileRefused(str(refusal)) from None
    return _Reader(data, lines, name).create(slug, columns)


@transaction.atomic
def create_study(data, *, slug, **columns):
    """A draft from what a study file holds, as dicts and lists; else as `import_study`."""
    return _Reader(data, {}, "the design").create(slug, columns)


@transaction.atomic
def revise_study(study, data):
    """Makes a draft what a study file says, all of it. Raises StudyFileRefused."""
    _Reader(data, {}, "the design").revise(study)


def unused_slug(title):
    """Make a short name for a study from its title, one that no study has yet."""
    slug = slugify(title)[:60] or "study"
    taken = Study.objects.filter(slug=slug).exists()
    return f"{slug}-{secrets.token_hex(4)}" if taken else slug


class _Reader:
    def __init__(self, data, lines, name):
        self.data, self.lines, self.name = data, lines, name
        errors = sorted(_validator().iter_errors(data), key=lambda error: list(map(str, error.path)))
        if errors:
            raise self.refusal(errors[0].path, _sentence(errors[0]))
        self._refuse_nul(data, ())

    def refusal(self, path, sentence):
        path = tuple(path)
        line = next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), None)
        where = self.name if line is None else f"{self.name}, line {line}"
        return StudyFileRefused(f"{where}: {_key(path)} {sentence}")

    def _refuse_nul(self, value, path):
        if isinstance(value, dict):
            for key, inner in value.items():
                self._refuse_nul(inner, (*path, key))
        elif isinstance(value, str) and "\0" in value:
            raise self.refusal(path, "holds a NUL character; allowed is any other.")

    def create(self, slug, columns):
        explanation_set = self._explanation_set()
        methods = self._methods(explanation_set)
        labels = self._labels(explanation_set)
        self._refuse_missing_texts()
        study = Study(slug=slug, explanation_set=explanation_set, **self._columns(), **columns)
        self._refuse_plan(study, methods)
        self._write(study, methods, labels)
        return study

    def revise(self, study):
        explanation_set = self._explanation_set()
        methods = self._methods(explanation_set)
        labels = self._labels(explanation_set)
        self._refuse_missing_texts()
        study.explanation_set = explanation_set
        for column in OMITTED_IF_EMPTY:
            setattr(study, column, Study._meta.get_field(column).get_default())
        for column, value in self._columns().items():
            setattr(study, column, value)
        self._refuse_plan(study, methods)
        study.texts.all().delete()
        self._write(study, methods, labels)

    def _write(self, study, methods, labels):
        self._checked(study)
        study.save()
        for language, words in self.data["texts"].items():
            text = StudyText(study=study, language=language, **words)
            self._checked(text, ("texts", language))
            text.save()
        study.write_questions(methods, labels)

    def _explanation_set(self):
        wanted = self.data["explanation_set"]["sha256"]
        found = ExplanationSet.objects.filter(digest=wanted).first()
        if found is None:
            there = ", ".join(f"{s.slug} ({s.digest[:12]}…)" for s in ExplanationSet.objects.all())
            raise self.refusal(
                ("explanation_set", "sha256"),
                f"is {wanted}; this site has {there or 'no explanation set'}. Import that set first.",
            )
        return found

    def _methods(self, explanation_set):
        compared = {method.slug: method for method in explanation_set.compared_methods()}
        for i, slug in enumerate(self.data["methods"]):
            if slug not in compared:
                raise self.refusal(("methods", i), f"is {slug!r}; allowed are {', '.join(compared)}.")
        return Method.objects.filter(pk__in=[compared[slug].pk for slug in self.data["methods"]])

    def _labels(self, explanation_set):
        labels = explanation_set.labels()
        for i, label in enumerate(self.data["classes"]):
            if label not in labels:
                raise self.refusal(("classes", i), f"is {label!r}; allowed are {', '.join(labels)}.")
        return [label for label in labels if label in self.data["classes"]]

    def _refuse_missing_texts(self):
        language = self.data["language"]
        if language not in self.data["texts"]:
            raise self.refusal(("texts",), f"has none in {language!r}, the study's language.")

    def _refuse_plan(self, study, methods):
        for field, sentence in study.plan_faults([method.title for method in methods]).items():
            raise self.refusal(COLUMNS[field], f"is refused: {sentence}")

    def _columns(self):
        found = {"seed": self.data["seed"], "default_language": self.data["language"]}
        for column, path in COLUMNS.items():
            value = self.data
            for key in path:
                value = value.get(key, _MISSING) if isinstance(value, dict) else _MISSING
            if value is not _MISSING:
                is_decimal = Study._meta.get_field(column).get_internal_type() == "DecimalField"
                found[column] = Decimal(repr(value)) if is_decimal and value is not None else value
        kinds = self.data.get("checks", {}).get("kinds")
        if kinds is not None:
            found |= {column: kind in kinds for kind, column in KINDS.items()}
        return found

    def _checked(self, instance, room=()):
        try:
            instance.full_clean()
        except ValidationError as error:
            field, messages = next(iter(error.message_dict.items()))
            path = (*room, field) if room else COLUMNS.get(field, ())
            if not path and field == "slug":
                raise StudyFileRefused(f"The short name {instance.slug!r}: {messages[0]}") from None
            raise self.refusal(path, f"is refused: {messages[0]}") from None


_MISSING = object()


@lru_cache(maxsize=1)
def _validator():
    return Draft202012Validator(schema())


def _key(path):
    """`checks.number`, `methods[2]`; the file itself has no key."""
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key or "the file"


_KINDS_OF_VALUES = {
    "object": "keys with values",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def _sentence(error):
    """What is wrong and what is allowed instead, from the schema itself."""
    rule, value, shown = error.validator_value, error.instance, _shown(error.instance)
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    match error.validator:
        case "type":
            kinds = [rule] if isinstance(rule, str) else rule
            return f"is {shown}; allowed is {' or '.join(_KINDS_OF_VALUES[kind] for kind in kinds)}."
        case "required":
            return f"lacks {', '.join(key for key in rule if key not in value)}."
        case "additionalProperties":
            strange = next(key for key in value if key not in known)
            return f"has a key {strange!r}; allowed are {', '.join(known)}."
        case "enum":
            return f"is {shown}; allowed are {', '.join(map(str, rule))}."
        case "const":
            return f"is {shown}; allowed is {rule}."
        case "minimum" | "maximum":
            low, high = error.schema.get("minimum"), error.schema.get("maximum")
            return f"is {shown}; allowed are numbers from {low:g} to {high:,}."
        case "minItems" | "maxItems":
            most = error.schema.get("maxItems")
            allowed = (
                f"{error.schema['minItems']} to {most}" if most else f"{error.schema['minItems']} or more"
            )
            return f"has {len(value)} entries; allowed are {allowed}."
        case "uniqueItems":
            return f"is {shown}, with one entry twice; allowed is each once."
        case "minLength" | "minProperties":
            return "is empty; it must not be."
        case "maxLength":
            return f"has {len(value):,} characters; allowed are {rule:,}."
        case "pattern":
            return f"is {shown}; allowed is what matches {rule}"
    return f"is {shown}: {error.message}."


def _shown(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
