"""Builds of explanation sets: started, watched, cancelled, gone on with."""

from drf_spectacular.utils import extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from ..models import Classifier, SetBuild
from ..rights import Action, teams_for
from . import serializers as s
from .describing import described
from .problems import Conflict


def require_maker(user):
    """403 for who may make studies in no team: sets and builds belong to none."""
    if not user.is_superuser and not teams_for(user, Action.EDIT):
        raise PermissionDenied("You have no role that may make studies.")


@extend_schema_view(list=described("Classifiers to build of", response=s.ClassifierSerializer(many=True)))
class ClassifierViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Registered in a shell, since a classifier is code; without one, a build is of the paper's network."""

    queryset = Classifier.objects.all()
    serializer_class = s.ClassifierSerializer
    filterset_fields = []


@extend_schema_view(
    list=described("Builds, the latest first", response=s.BuildSerializer(many=True)),
    retrieve=described("A build and its progress", response=s.BuildSerializer),
)
class BuildViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = SetBuild.objects.select_related("classifier", "explanation_set")
    serializer_class = s.BuildSerializer
    lookup_value_regex = "[0-9]{1,9}"
    filterset_fields = ["status"]

    @described("Start a build in the background", s.BuildSerializer, s.BuildSerializer, 201)
    def create(self, request):
        require_maker(request.user)
        body = s.BuildSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        build = SetBuild(owner=request.user, **body.validated_data)
        build.full_clean()
        SetBuild.objects.start(build)
        return Response(s.BuildSerializer(build).data, status.HTTP_201_CREATED)

    @described("Ask a build to stop; what it has computed is kept", response=s.BuildSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        return self._move(SetBuild.objects.cancel, "there is nothing to cancel")

    @described("Go on with a build that stopped", response=s.BuildSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request, pk):
        return self._move(SetBuild.objects.start, "it can't go on")

    def _move(self, move, refusal):
        require_maker(self.request.user)
        build = self.get_object()
        if not move(build):
            raise Conflict(f"Build {build.pk} is {build.status}: {refusal}.")
        build.refresh_from_db()
        return Response(s.BuildSerializer(build).data)
