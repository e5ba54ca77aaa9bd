"""Ten thousand participations of an open study at once, past the pages: for what must stay quick with many.

They are spread over a week: 75 % kept, 10 % with too many failed checks, 10 % who gave up, 5 % in the middle.
"""

import random
from datetime import timedelta

BATCH = 2000
QUESTIONS = 26  # of the reference study: practice at 0, then 25


def gather(study, n, answered, *, seed=0):
    """Stores `n` participations of an open reference study, with plans and answers of the first `answered`.

    Returns the study, a week old.
    """
    from django.utils import timezone

    from survey.models import Participation, Study

    now, rng = timezone.now(), random.Random(seed)
    Study.objects.filter(pk=study.pk).update(quota=n, opened_at=now - timedelta(days=7))
    study.refresh_from_db()
    people = [_somebody(study, number, now, rng) for number in range(n)]
    Participation.objects.bulk_create(people, batch_size=BATCH)
    for begin in range(0, answered, BATCH):
        _answer(study, people[begin : min(begin + BATCH, answered)], rng)
    return study


def _somebody(study, number, now, rng):
    from survey.models import Participation

    begun, chance = now - timedelta(seconds=rng.randrange(7 * 24 * 3600)), rng.random()
    person = Participation(
        study=study, public_id=f"crowd-{study.pk}-{number}", place=number, last_position=QUESTIONS - 1,
        consented_at=begun, screened_at=begun, active_at=begun,
    )  # fmt: skip
    if chance < 0.85:
        person.status, person.next_position, person.kept = "complete", QUESTIONS, chance < 0.75
        person.checks_passed = rng.choice([4, 5]) if person.kept else rng.randrange(4)
        person.finished_at = begun + timedelta(seconds=rng.randrange(120, 900))
        person.place = number if person.kept else None
    elif chance < 0.95:
        person.status, person.place, person.next_position = "timed out", None, rng.randrange(1, QUESTIONS - 1)
    else:
        person.status, person.next_position = "answering", rng.randrange(1, QUESTIONS - 1)
    return person


def _answer(study, people, rng):
    """Plans as they are drawn, and answers that prefer the first method, up to where each person is."""
    from survey.models import Answer, PlannedQuestion
    from survey.models.plans import draw_plan

    planned = []
    for number, person in enumerate(people):
        drawn = draw_plan(study, person.seed, number)
        for one in drawn:
            one.participation = person
        planned += drawn
    PlannedQuestion.objects.bulk_create(planned, batch_size=BATCH)
    answers = []
    for one in planned:
        if one.position < one.participation.next_position:
            options, shown_at = list(one.question.options.all()), one.participation.consented_at
            chosen = options[0] if rng.random() < 0.5 else rng.choice(options)
            answered_at = shown_at + timedelta(seconds=rng.uniform(1, 20))
            answers.append(Answer(planned=one, option=chosen, shown_at=shown_at, answered_at=answered_at))
    Answer.objects.bulk_create(answers, batch_size=BATCH)
