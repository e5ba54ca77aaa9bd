"""How many participants a study needs, and what they cost."""

from rest_framework.decorators import action
from rest_framework.response import Response

from ..designing.needed import cost, lead_of, needed
from ..planning import ICC
from . import serializers as s
from .describing import described
from .problems import Conflict


class PowerActions:
    """The part of a study's view set for power, by simulation at the significance level of its plan."""

    @described(
        "Participants needed, by simulation, and what they cost",
        response=s.PowerSerializer,
        parameters=[s.PowerQuestion],
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def power(self, request, slug):
        study = self._study(slug)
        asked = s.PowerQuestion(data=request.query_params)
        asked.is_valid(raise_exception=True)
        lead = asked.validated_data.get("lead", float(study.expected_lead))
        alike = asked.validated_data.get("alike", round(ICC, 2))
        wanted = asked.validated_data.get("power", 0.9)
        votes = study.n_votes
        if not votes:
            raise Conflict(f"{slug} has no scored questions, so nothing can be tested.")
        found = needed(study.n_options, lead, votes, alike, wanted, float(study.alpha))
        sizes = [n for n in dict.fromkeys([found.claim, study.quota]) if n]
        answer = {
            "lead": lead,
            "alike": alike,
            "power": wanted,
            "alpha": study.alpha,
            "votes": votes,
            "runs": found.runs,
            "best": found.claim,
            "any_difference": found.any_difference,
            "detectable_lead": lead_of(study, study.quota) if study.quota and study.quota > 1 else None,
            "costs": [cost(study, n) for n in sizes],
        }
        return Response(s.PowerSerializer(answer).data)
