"""Rehearsals: simulated participants answer a copy of a study over HTTP, and one click erases all of it."""

import requests
from django.db import transaction
from django_tasks import task

from ..models import Answer, Participation, PlannedQuestion, Rehearsal, Study, StudyText
from ..models.jobs import Job
from ..models.studies import new_token
from . import ways_back
from .simulation import TIMEOUT, simulate
from .working import shift

WORKERS = 2  # participants at once: people use the site meanwhile
# What a copy does not take over.
OWN = {"id", "slug", "status", "created_at", "opened_at", "closed_at"}
OWN |= {"version", "previous", "design", "design_sha256"}


class StillRehearsing(Exception):
    """Programs are still answering."""


@transaction.atomic
def copy_of(study):
    """An open copy with the same questions and way back, found by nobody who does not know its name."""
    fields = {f.attname: getattr(study, f.attname) for f in Study._meta.concrete_fields if f.name not in OWN}
    copy = Study(**fields | {"quota": None})
    copy.slug = f"rehearsal-{new_token().lower()}"
    copy.save(force_insert=True)
    for text in study.texts.all():
        text.pk, text.study = None, copy
        text.save(force_insert=True)
    copy.write_questions(study.methods(), study.labels())
    copy.open()
    return copy


@transaction.atomic
def begin(study, participants, site, owner):
    """Queues a rehearsal in a new copy; the one before is erased. Raises StillRehearsing."""
    Study.objects.locked().get(pk=study.pk)  # a double click begins one
    for before in study.rehearsals.all():
        erase(before)
    rehearsal = Rehearsal(study=study, participants=participants, site=site, owner=owner, copy=copy_of(study))
    Rehearsal.objects.start(rehearsal)
    return rehearsal


@transaction.atomic
def erase(rehearsal):
    """Deletes the rehearsal and everything that was answered in it. Raises StillRehearsing."""
    if rehearsal.is_active and not rehearsal.is_lost:
        raise StillRehearsing
    copy = rehearsal.copy
    rehearsal.delete()
    Answer.objects.filter(planned__participation__study=copy).delete()
    PlannedQuestion.objects.filter(participation__study=copy).delete()
    Participation.objects.filter(study=copy).delete()
    StudyText.objects.filter(study=copy).delete()
    copy.delete()


@task
def rehearse(pk, attempt):
    """Lets those of the rehearsal's programs answer that have not yet."""
    with shift(Rehearsal, pk, attempt) as mine:
        if mine is None:
            return
        rehearsal = mine.job
        wanted, complete = rehearsal.participants, Participation.Status.COMPLETE
        done = rehearsal.copy.participations.filter(status=complete).count()
        mine.tell(done, wanted, at_once=True)
        for last_page in simulate(
            rehearsal.copy, rehearsal.site, wanted - done, seed=rehearsal.attempt, workers=WORKERS
        ):
            walk_back(rehearsal.copy, last_page)
            done += 1
            mine.tell(done, wanted, f"{done} of {wanted} have answered", at_once=done == wanted)


def walk_back(copy, last_page):
    """Looks for the platform's way back at the address of somebody's last page. Raises NoWayBack."""
    public_id = last_page.rstrip("/").split("/")[-2]
    participation = copy.participations.select_related("study").get(public_id=public_id)
    ways_back.identify(participation)
    ways_back.check(participation, requests.get(last_page, timeout=TIMEOUT).text)


def is_under_way(study):
    """Whether programs are answering a copy of this study, or are about to."""
    return study.rehearsals.filter(status__in=[Job.Status.QUEUED, Job.Status.RUNNING]).exists()
