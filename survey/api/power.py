"""How many participants a study needs, and what they cost."""

from rest_framework.decorators import action
from rest_framework.response import Response

from ..designing.needed import cost, needed
from ..planning import ICC
from . import serializers as s
from .describing import described
from .problems import Conflict


class PowerActions:
    """Of a study's view set: power by simulation at the level of the study's plan."""

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
            raise Conflict(f"{slug} has no scored questions, so no test has power.")
        found = needed(study.n_options, lead, votes, alike, wanted, float(study.alpha))
        sizes = [n for n in dict.fromkeys([found.best, study.quota]) if n]
        answer = {
            "lead": lead,
            "alike": alike,
            "power": wanted,
            "alpha": study.alpha,
            "votes": votes,
            "runs": found.runs,
            "best": found.best,
            "any_difference": found.any_difference,
            "costs": [cost(study, n) for n in sizes],
        }
        return Response(s.PowerSerializer(answer).data)
