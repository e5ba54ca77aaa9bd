"""Risks of a study, shown before it opens. Risks only warn; faults (of the model's `clean`) forbid."""

import hashlib
from dataclasses import dataclass
from itertools import groupby
from math import gcd
from operator import attrgetter

from ..models import ClassMap, Option, Question, Study
from ..planning import DETECTION, MOST, chance_to_pass, power_of
from .sampling import round_length

TEXTS = ("title", "question", "consent", "instructions", "thanks")
WANTED_POWER = DETECTION
FINISHED = "pictures"  # the style of pictures that were made elsewhere
MOST_NAMED = 5  # items of a list in a sentence
MOST_SIMULATED = 10_000  # participants; the chance to see a lead only grows with more
LIKELY_BY_CHANCE = 0.05
LOWEST_PAY_PER_HOUR = {"GBP": 6.0, "USD": 8.0}  # Prolific's, as its help centre gives them


@dataclass(frozen=True)
class Risk:
    """One thing to think over: `name` for machines, the column of Study that it is about, and a sentence."""

    name: str
    field: str
    sentence: str


def risks(study):
    """The risks of a draft (or any study), a list of Risk."""
    checks = (_checks, _platform, _set, _pictures, _participants, _balance, _texts, _plan)
    return [risk for check in checks for risk in check(study)]


def _checks(study):
    if not study.n_checks:
        yield Risk(
            "no-checks", "n_checks", "Without attention checks nobody can be left out for carelessness."
        )
        return
    by_chance = chance_to_pass(study.n_checks, study.min_passed, study.n_options + study.allows_none)
    if by_chance > LIKELY_BY_CHANCE:
        yield Risk(
            "checks-passed-by-chance",
            "min_passed",
            f"Somebody who clicks at random passes with a chance of {by_chance:.0%}: need more checks.",
        )
    if study.min_passed == study.n_checks and study.n_checks > 1:
        yield Risk(
            "every-check-needed",
            "min_passed",
            "One slip leaves a person out: who passes each check with 95 % passes all of "
            f"{study.n_checks} with {0.95**study.n_checks:.0%}.",
        )
    for question in _unanswerable_checks(study):
        yield Risk(
            "check-without-answer",
            "n_checks",
            f"Attention check {question.code} can't be passed by looking: its right picture is among the "
            "wrong ones, too.",
        )


def _unanswerable_checks(study):
    options = Option.objects.filter(question__study=study, question__kind=Question.Kind.CHECK)
    options = options.select_related("question", "class_map").order_by("question", "number")
    for question, offered in groupby(options, key=attrgetter("question")):
        pictures = {True: set(), False: set()}
        for option in offered:
            pictures[option.is_right].add(_digest(option.class_map))
        if not question.is_instructed and pictures[True] & pictures[False]:
            yield question


def _platform(study):
    at_once = study.on_failed_checks == Study.OnFailedChecks.AT_ONCE
    if study.platform == "prolific" and study.is_screening and not study.code_screened_out:
        yield Risk(
            "screening-without-path",
            "code_screened_out",
            "Prolific allows in-study screening only by its own feature, which pays who is screened out: "
            "set up that completion path and enter its code "
            "(researcher-help.prolific.com/en/article/4ae222).",
        )
    if study.platform == "prolific" and at_once and study.minutes >= 5 and study.min_passed == study.n_checks:
        yield Risk(
            "sent-away-early",
            "on_failed_checks",
            "In studies of 5 minutes or more Prolific takes somebody for inattentive only after two failed "
            "checks (its attention check policy); this one ends with the first.",
        )
    if study.platform in ("mturk", "connect", "sona") and at_once:
        yield Risk(
            "sent-away-early",
            "on_failed_checks",
            "Who is sent away in the middle has worked, and expects to be paid or credited for it.",
        )
    if study.platform in ("prolific", "connect", "mturk") and not study.code_failed_checks and at_once:
        yield Risk(
            "no-return-code",
            "code_failed_checks",
            "There is no code of its own for who fails the checks: they go back with the one for complete.",
        )
    yield from _pay(study)


def _pay(study):
    lowest = LOWEST_PAY_PER_HOUR.get(study.currency)
    if study.platform != "prolific" or not lowest:
        return
    if study.pay is None:
        yield Risk("no-pay", "pay", "Prolific needs a payment; say here what it is.")
    elif float(study.pay) * 60 / study.minutes < lowest:
        hourly = float(study.pay) * 60 / study.minutes
        yield Risk(
            "low-pay",
            "pay",
            f"{hourly:.2f} {study.currency} an hour is less than the {lowest:.2f} that Prolific demands.",
        )


def _set(study):
    """Items that the explanation set leaves out, and pictures that cannot be made blind."""
    if study.explanation_set.style == FINISHED:
        yield Risk(
            "pictures-made-elsewhere",
            "explanation_set",
            "The pictures were made elsewhere and are shown as they are: colours, frames or legends may "
            "reveal the method. Draw all methods alike, or collect their maps instead.",
        )
    left_out = study.explanation_set.record().get("left_out", ())
    if left_out:
        items = ", ".join(f"{item['label']} ({item['reason']})" for item in left_out[:MOST_NAMED])
        more = f" and {len(left_out) - MOST_NAMED} more" if len(left_out) > MOST_NAMED else ""
        yield Risk(
            "items-left-out",
            "explanation_set",
            f"The explanation set leaves out {len(left_out)} of its items for all methods: {items}{more}. "
            "Results hold for the others.",
        )


def _pictures(study):
    """Two methods that drew the same picture: no answer can tell them apart."""
    scored = ClassMap.objects.filter(options__question__study=study, options__question__kind="scored")
    seen = {}
    for class_map in scored.select_related("method").order_by("pk"):
        seen.setdefault((class_map.label, class_map.replicate, _digest(class_map)), []).append(class_map)
    same = {}
    for (label, replicate, _), maps in seen.items():
        if len(maps) > 1:
            names = " and ".join(sorted(str(class_map.method) for class_map in maps))
            same.setdefault(names, []).append(f"{label}-{replicate}")
    for names, questions in same.items():
        yield Risk(
            "identical-pictures",
            "explanation_set",
            f"{names} drew the same picture in {len(questions)} questions "
            f"({', '.join(questions[:MOST_NAMED])}).",
        )


def _digest(class_map):
    with class_map.image.open() as file:
        return hashlib.sha256(file.read()).digest()


def _participants(study):
    if study.quota is None:
        yield Risk(
            "no-quota",
            "quota",
            "Without a number of participants there is no rule when to stop; stopping by results misleads.",
        )
        return
    if study.quota < 2:
        yield Risk("too-few", "quota", "With one participant no test is defined.")
        return
    if not study.n_votes:
        return
    power = _power_at(study, min(study.quota, MOST))
    if power.claim < WANTED_POWER and study.quota > MOST:
        power = _power_at(study, min(study.quota, MOST_SIMULATED))
    if power.claim < WANTED_POWER:
        yield Risk(
            "too-few",
            "quota",
            f"With {study.quota} participants, the chance to see a {_points(study.expected_lead)} lead over "
            f"every other method is only {power.claim:.0%}. Aim for {WANTED_POWER:.0%}{_detectable(power)}.",
        )


def _power_at(study, participants):
    lead, alpha = float(study.expected_lead), float(study.alpha)
    return power_of(study.n_options, lead, participants, study.n_votes, alpha=alpha)


def _points(lead):
    """0.1 as "10-point", 0.125 as "12.5-point"."""
    return f"{float(lead) * 100:.3g}-point"


def _detectable(power):
    if power.lead is None:
        return ""
    return f"; a {power.lead * 100:.2g}-point lead would have that chance"


def _balance(study):
    questions, shown = study.n_scored, study.n_votes
    if study.quota is None or not questions:
        return
    round_of_questions = round_length(questions, shown)
    per_question = study.quota * shown // questions
    if study.quota % round_of_questions:
        yield Risk(
            "unequal-questions",
            "quota",
            f"Questions are asked equally often after every {round_of_questions} participants; "
            f"{study.quota} is no multiple of it.",
        )
    elif per_question % study.n_options:
        times = shown * round_of_questions // questions
        step = round_of_questions * study.n_options // gcd(times, study.n_options)
        yield Risk(
            "unequal-places",
            "quota",
            f"Pictures stand in each place equally often after every {step} participants; {study.quota} is "
            "no multiple of it.",
        )


def _texts(study):
    texts = {text.language: text for text in study.texts.all()}
    for language in study.languages():
        text = texts.get(language)
        missing = [word for word in TEXTS if text is None or not getattr(text, word).strip()]
        if missing:
            yield Risk(
                "missing-texts", "default_language", f"Texts in {language} lack: {', '.join(missing)}."
            )


def _plan(study):
    if study.primary_test in ("one-way", "welch"):
        yield Risk(
            "liberal-test",
            "primary_test",
            "This test takes the shares of one person as independent and finds a difference in about 12 % of "
            "studies without any.",
        )
