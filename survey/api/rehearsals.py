"""A study's rehearsal: programs answer a copy of it, which is erased whole."""

from django.http import Http404
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from .. import monitoring
from ..background import rehearsing
from ..models import Rehearsal
from ..rights import Action
from . import serializers as s
from .describing import described
from .problems import Conflict


class RehearsalActions:
    """Of a study's view set: begun, watched, cancelled, gone on with, erased."""

    @described("How the rehearsal goes, and what came out", response=s.RehearsalSerializer)
    @action(detail=True)
    def rehearsal(self, request, slug):
        return self._rehearsal_answer(_latest(self._study(slug)))

    @described("Let programs rehearse a copy", s.NewRehearsal, s.RehearsalSerializer, 201)
    @rehearsal.mapping.post
    def begin_rehearsal(self, request, slug):
        study, body = self._study(slug, Action.RUN), self._body(s.NewRehearsal)
        site = request.build_absolute_uri("/")
        try:
            begun = rehearsing.begin(study, body["participants"], site, request.user)
        except rehearsing.StillRehearsing:
            raise Conflict(f"A rehearsal of {slug} is running already: let it end, or cancel it.") from None
        return self._rehearsal_answer(begun, status.HTTP_201_CREATED)

    @described("Erase the rehearsal with all that was answered in it", response=None, code=204)
    @rehearsal.mapping.delete
    def erase_rehearsal(self, request, slug):
        found = _latest(self._study(slug, Action.RUN))
        try:
            rehearsing.erase(found)
        except rehearsing.StillRehearsing:
            raise Conflict(
                f"Programs are still answering the rehearsal of {slug}: cancel it first."
            ) from None
        return Response(status=status.HTTP_204_NO_CONTENT)

    @described("Ask the programs to stop", response=s.RehearsalSerializer)
    @action(detail=True, methods=["post"], url_path="rehearsal/cancel")
    def cancel_rehearsal(self, request, slug):
        found = _latest(self._study(slug, Action.RUN))
        if not Rehearsal.objects.cancel(found):
            raise Conflict(f"The rehearsal of {slug} is {found.status}: there is nothing to cancel.")
        return self._rehearsal_answer(_latest(self._study(slug)))

    @described("Go on with a rehearsal that stopped", response=s.RehearsalSerializer)
    @action(detail=True, methods=["post"], url_path="rehearsal/go-on")
    def go_on_rehearsing(self, request, slug):
        found = _latest(self._study(slug, Action.RUN))
        if not Rehearsal.objects.start(found):
            raise Conflict(f"The rehearsal of {slug} is {found.status}: it can't go on.")
        return self._rehearsal_answer(_latest(self._study(slug)))

    def _rehearsal_answer(self, rehearsal, code=200):
        rehearsal.refresh_from_db()
        counts = monitoring.counts(rehearsal.copy, simulated=True)
        return Response(s.RehearsalSerializer(rehearsal, context={"complete": counts.complete}).data, code)


def _latest(study):
    found = study.rehearsals.select_related("copy").first()
    if found is None:
        raise Http404(f"{study.slug} has no rehearsal.")
    return found
