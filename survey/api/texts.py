"""A study's words, one language at a time."""

from django.conf import settings
from django.db import transaction
from django.http import Http404
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from ..models import AuditEvent, Study, StudyText
from ..rights import Action
from . import serializers as s
from .describing import described
from .problems import Conflict

LANGUAGE = "texts/(?P<language>[a-z]{2,3}(?:-[a-z]{2,4})?)"


class TextActions:
    """Of a study's view set: its texts, to be read by its team and written by who edits it."""

    @described(
        "The texts, a language each",
        response=s.TextSerializer(many=True),
        filters=False,
        operation_id="studies_texts_list",
    )
    @action(detail=True, pagination_class=None)
    def texts(self, request, slug):
        return Response(s.TextSerializer(self._study(slug).texts.all(), many=True).data)

    @described("The texts in one language", response=s.TextSerializer)
    @action(detail=True, url_path=LANGUAGE, url_name="text")
    def text(self, request, slug, language):
        return Response(s.TextSerializer(_found(self._study(slug), language)).data)

    @described("Write the texts in one language, new or not", s.TextSerializer, s.TextSerializer)
    @text.mapping.put
    def write_text(self, request, slug, language):
        study = self._study(slug, Action.EDIT)
        if language not in dict(settings.LANGUAGES):
            known = ", ".join(dict(settings.LANGUAGES))
            raise Http404(f"There is no language {language!r}; there are {known}.")
        words = self._body(s.TextSerializer)
        with transaction.atomic():
            _lock(study)
            text = study.texts.filter(language=language).first() or StudyText(language=language)
            text.study = study
            for name, value in words.items():
                setattr(text, name, value)
            text.full_clean()
            text.save()
            self._record(study, AuditEvent.Action.CHANGED, f"texts: {language}")
        return Response(s.TextSerializer(text).data)

    @described("Remove a language, but not the default one", response=None, code=204)
    @text.mapping.delete
    def remove_text(self, request, slug, language):
        study = self._study(slug, Action.EDIT)
        text = _found(study, language)
        if language == study.default_language:
            raise Conflict(f"{language} is the default language of {slug}: choose another default first.")
        with transaction.atomic():
            _lock(study)
            text.delete()
            self._record(study, AuditEvent.Action.CHANGED, f"texts: {language} removed")
        return Response(status=status.HTTP_204_NO_CONTENT)


def _found(study, language):
    text = study.texts.filter(language=language).first()
    if text is None:
        spoken = ", ".join(study.languages())
        raise Http404(f"{study.slug} has no texts in {language!r}; it has {spoken}.")
    return text


def _lock(study):
    """Keeps a draft from being opened until the transaction ends."""
    if not Study.objects.locked().filter(pk=study.pk, status=Study.Status.DRAFT).exists():
        raise Conflict(f"{study.slug} is frozen since it opened; make a new version to change it.")
