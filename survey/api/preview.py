"""The preview: what a participant would be asked, question by question, with nothing stored."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.response import Response

from ..models.plans import draw_plan
from ..question_page import QuestionPage
from . import serializers as s
from .describing import described

LANGUAGE = OpenApiParameter("language", description="of the texts; the study's default one without it")


class PreviewActions:
    """Of a study's view set: what the preview shows."""

    @described(
        "The questions as one participant would see them",
        response=s.PreviewedQuestionSerializer(many=True),
        filters=False,
        parameters=[LANGUAGE],
    )
    @action(detail=True, pagination_class=None)
    def preview(self, request, slug):
        study = self._study(slug)
        text = study.text_in(request.GET.get("language"))
        plan = draw_plan(study, study.seed, place=0)
        total = max((planned.position for planned in plan), default=0)
        pages = [QuestionPage.of(planned, study, text, total) for planned in plan]
        return Response(s.PreviewedQuestionSerializer(pages, many=True).data)
