"""How a study goes, in numbers that tell nothing of which method is ahead; few queries at any size."""

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.db.models import Count, Min, Q
from django.utils import timezone

from .models import Participation

PACE_OVER = timedelta(hours=24)
LATEST = (
    1000  # participations whose median time is told: reading all of 10,000 was a third of the page's time
)
Status = Participation.Status
ENDED = [Status.COMPLETE, Status.FAILED]  # FAILED: sent away as soon as too few checks could be passed


@dataclass(frozen=True)
class Counts:
    """How many participations there are of each kind; `kept` and `failed_checks` add up to `complete`."""

    enrolled: int
    under_way: int
    complete: int
    kept: int
    failed_checks: int
    screened_out: int
    timed_out: int
    withdrawn: int
    kept_lately: int  # within PACE_OVER


@dataclass(frozen=True)
class Dropout:
    position: int  # of the question that they saw last; 0 is before the first scored one
    people: int
    percent: int  # of the most at one question, for a bar


@dataclass(frozen=True)
class Exclusion:
    reason: str
    people: int


@dataclass(frozen=True)
class Pace:
    per_hour: float
    missing: int | None  # until the quota is reached, None without one
    hours_left: float | None  # at this pace; None where there is no pace or nothing to reach

    @property
    def time_left(self):
        """In words; empty where there is none to tell."""
        if self.hours_left is None:
            return ""
        hours = round(self.hours_left)
        if hours > 48:
            return f"{round(hours / 24)} days"
        return f"{hours} hours" if hours > 1 else "an hour" if self.hours_left > 0.75 else "less than an hour"


def counts(study, *, simulated=False):
    def count(**what):
        return Count("pk", filter=Q(**what))

    wanted = {
        "enrolled": Count("pk"),
        "under_way": count(status__in=Participation.UNDER_WAY),
        "complete": count(status=Status.COMPLETE),
        "kept": count(kept=True),
        "failed_checks": count(status__in=ENDED, kept=False),
        "screened_out": count(status=Status.SCREENED_OUT),
        "timed_out": count(status=Status.TIMED_OUT),
        "withdrawn": count(status=Status.WITHDRAWN),
        "kept_lately": count(kept=True, finished_at__gte=timezone.now() - PACE_OVER),
    }
    # not under the names of columns, which the filters ask for
    named = {f"n_{name}": expression for name, expression in wanted.items()}
    found = _participations(study, simulated).aggregate(**named)
    return Counts(**{name: found[f"n_{name}"] for name in wanted})


def dropouts(study, *, simulated=False):
    """Who has left without an end, by the question that came next: those who lost their place by idling,
    and those who are about to."""
    left = _participations(study, simulated).filter(status__in=[*Participation.UNDER_WAY, Status.TIMED_OUT])
    since = timezone.now() - timedelta(minutes=study.idle_minutes)
    rows = left.filter(active_at__lt=since).values("next_position").annotate(people=Count("pk"))
    rows = list(rows.order_by("next_position"))
    most = max((row["people"] for row in rows), default=1)
    return [Dropout(row["next_position"], row["people"], round(100 * row["people"] / most)) for row in rows]


def median_minutes(study, *, simulated=False):
    """Between consent and the last answer, of the latest LATEST who are complete; None while nobody is."""
    done = _participations(study, simulated).filter(status=Status.COMPLETE).order_by("-pk")
    moments = done.values_list("consented_at", "finished_at")[:LATEST]
    spans = [(end - begin).total_seconds() for begin, end in moments]
    return median(spans) / 60 if spans else None


def exclusions(study, *, simulated=False):
    """Why how many are not part of the analysis, in the words of `Participation.exclusion`."""
    left_out = (
        _participations(study, simulated).filter(kept=False).exclude(status__in=Participation.UNDER_WAY)
    )
    rows = left_out.values("status", "checks_passed").annotate(people=Count("pk"), first=Min("pk"))
    return [
        Exclusion(
            Participation(study=study, status=row["status"], checks_passed=row["checks_passed"]).exclusion,
            row["people"],
        )
        for row in rows.order_by("-people", "first")
    ]


def pace(study, now_counts):
    hours = PACE_OVER.total_seconds() / 3600
    if study.opened_at:
        hours = min(hours, max((timezone.now() - study.opened_at).total_seconds() / 3600, 1 / 60))
    per_hour = now_counts.kept_lately / hours
    missing = max(study.quota - now_counts.kept, 0) if study.quota else None
    return Pace(per_hour, missing, missing / per_hour if missing and per_hour else None)


def _participations(study, simulated):
    return Participation.objects.filter(study=study, simulated=simulated)
