"""What a design asks of participants, costs and can show, computed while the design is being edited."""

from dataclasses import dataclass
from decimal import Decimal

from ..planning import MOST, chance_to_pass, power_of

SECONDS_A_QUESTION = 8
SECONDS_AROUND = 60  # consent, instructions, thanks


@dataclass(frozen=True)
class Effect:
    """What follows from the choices so far; None where a choice is missing or invalid."""

    scored: int | None  # questions per participant
    checks: int | None
    minutes: float | None  # at SECONDS_A_QUESTION
    chance: str | None  # that random clicking passes the checks
    power: str | None  # chance to see the expected lead over every other method
    lead: str | None  # the expected lead, in points
    hourly: Decimal | None  # pay, at the minutes that the study states
    total: Decimal | None  # pay of all participants needed
    currency: str

    @property
    def questions(self):
        return None if self.scored is None or self.checks is None else self.scored + self.checks


def effect_of(chosen, explanation_set):
    """The Effect of the valid ones among a DesignForm's values, `chosen`, for studies on this set."""
    scored, checks = _scored(chosen, explanation_set), chosen.get("n_checks")
    return Effect(
        scored=scored,
        checks=checks,
        minutes=_minutes(scored, checks, chosen.get("n_practice") or 0),
        chance=_chance(chosen),
        power=_power(chosen, scored),
        lead=f"{float(chosen['expected_lead']) * 100:.3g}" if chosen.get("expected_lead") else None,
        hourly=_hourly(chosen),
        total=chosen["pay"] * chosen["quota"] if chosen.get("pay") and chosen.get("quota") else None,
        currency=chosen.get("currency", ""),
    )


def _scored(chosen, explanation_set):
    if not chosen.get("labels"):
        return None
    replicates = explanation_set.class_maps.values("replicate").distinct().count()
    replicates = min(chosen.get("replicates") or replicates, replicates)
    questions = len(chosen["labels"]) * replicates
    return min(chosen.get("n_shown") or questions, questions)


def _minutes(scored, checks, practice):
    if scored is None or checks is None:
        return None
    return ((scored + checks + practice) * SECONDS_A_QUESTION + SECONDS_AROUND) / 60


def _chance(chosen):
    checks, passed, methods = (chosen.get(name) for name in ("n_checks", "min_passed", "methods"))
    if not checks or passed is None or not methods:
        return None
    chance = chance_to_pass(checks, passed, len(methods))
    return f"{chance:.1%}" if chance >= 0.001 else "less than 0.1%"


def _power(chosen, scored):
    methods, quota, lead = (chosen.get(name) for name in ("methods", "quota", "expected_lead"))
    if not scored or not methods or len(methods) < 2 or not quota or quota < 2 or not lead:
        return None
    alpha = float(chosen.get("alpha") or 0.05)
    power = power_of(len(methods), float(lead), min(quota, MOST), scored, alpha=alpha)
    return f"{power.claim:.0%}"


def _hourly(chosen):
    if not chosen.get("pay") or not chosen.get("minutes"):
        return None
    return chosen["pay"] * 60 / chosen["minutes"]
