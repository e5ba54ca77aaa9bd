"""How a study fills, in numbers that tell nothing of which method is ahead; and the codebook of its table."""

from dataclasses import asdict

from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.response import Response

from .. import monitoring
from ..exporting import codebook_lines
from ..rights import Action
from . import serializers as s
from .describing import described, file_described


class LiveActions:
    """Of a study's view set: what the live page shows, and the codebook."""

    @described("How it fills, without any share of votes", response=s.LiveSerializer)
    @action(detail=True)
    def live(self, request, slug):
        study = self._study(slug)
        counts = monitoring.counts(study)
        pace = monitoring.pace(study, counts)
        numbers = {
            **asdict(counts),
            "quota": study.quota,
            "median_minutes": monitoring.median_minutes(study),
            "kept_per_hour": pace.per_hour,
            "hours_left": pace.hours_left,
            "exclusions": [asdict(one) for one in monitoring.exclusions(study)],
            "dropouts": [asdict(one) for one in monitoring.dropouts(study)],
        }
        return Response(s.LiveSerializer(numbers).data)

    @file_described("What the columns of the vote table hold", "text/csv")
    @action(detail=True, url_path="codebook.csv")
    def codebook(self, request, slug):
        lines = codebook_lines(self._study(slug, Action.RESULTS))
        response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{slug}-codebook.csv"'
        return response
