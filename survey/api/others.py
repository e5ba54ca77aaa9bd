"""Explanation sets, study files and archives that come in, teams, the audit log, tokens."""

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from ..files.archive import restore_archive
from ..files.study_file import StudyFileRefused, import_study, unused_slug
from ..importing import import_zip
from ..models import AuditEvent, ExplanationSet, Membership, Team
from ..rights import Action, allowed_in, teams_for
from ..security import ONLY_A_PICTURE, address_of, failed_logins
from ..set_metrics import METRIC_FORMATS
from . import serializers as s
from .describing import described, file_described
from .problems import Conflict

LARGEST_STUDY_FILE = 4_000_000  # bytes
OCTETS = "application/octet-stream"


def _team_of(user):
    """The first team in which this person may make studies."""
    teams = teams_for(user, Action.EDIT)
    if user.is_superuser:
        teams = teams or list(Team.objects.values_list("pk", flat=True)[:1])
    if not teams:
        raise PermissionDenied("You have no role that may make studies.")
    return min(teams)


@extend_schema_view(
    list=described("Explanation sets", response=s.SetSerializer(many=True)),
    retrieve=described("An explanation set", response=s.SetSerializer),
)
class SetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = ExplanationSet.objects.defer("manifest").prefetch_related("methods")
    serializer_class = s.SetSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    filterset_fields = ["dataset"]
    parser_classes = [MultiPartParser, JSONParser]

    @described("Import a zipped explanation set", s.Upload, s.SetSerializer, 201)
    def create(self, request):
        _team_of(request.user)
        body = s.Upload(data=request.data)
        body.is_valid(raise_exception=True)
        file = body.validated_data["file"]
        return Response(s.SetSerializer(import_zip(file, file.name)).data, status.HTTP_201_CREATED)

    @file_described("The metrics of faithfulness that came with a set", "application/json")
    @action(detail=True, url_path=r"metrics\.(?P<extension>[a-z]+)")
    def metrics(self, request, slug, extension):
        content = get_object_or_404(self.get_queryset(), slug=slug).metrics_as(extension)
        if content is None:
            raise Http404(f"{slug} has no metrics as {extension!r}.")
        response = HttpResponse(content, content_type=METRIC_FORMATS[extension])
        response.headers["Content-Disposition"] = f'attachment; filename="{slug}-metrics.{extension}"'
        response.headers["Content-Security-Policy"] = ONLY_A_PICTURE
        return response

    @file_described("The raw importances of a set: float32 (height, width) by method/label/replicate", OCTETS)
    @action(detail=True, url_path=r"maps\.safetensors")
    def maps(self, request, slug):
        found = get_object_or_404(self.get_queryset(), slug=slug)
        if not found.maps:
            raise Http404(f"{slug} has no raw importances.")
        return FileResponse(found.maps.open(), content_type=OCTETS, filename=f"{slug}-maps.safetensors")


class _Import(APIView):
    parser_classes = [MultiPartParser, JSONParser]

    def _file(self, request):
        body = s.Upload(data=request.data)
        body.is_valid(raise_exception=True)
        return body.validated_data["file"]

    def _answer(self, request, study, name):
        AuditEvent.objects.record(request.user, AuditEvent.Action.IMPORTED, study, detail=name[:300])
        return Response({"slug": study.slug, "status": study.status}, status.HTTP_201_CREATED)


class StudyFiles(_Import):
    @described("Make a draft from a study file", s.Upload, s.Imported, 201)
    def post(self, request):
        team, file = _team_of(request.user), self._file(request)
        if file.size > LARGEST_STUDY_FILE:
            raise StudyFileRefused(f"{file.name}: {file.size:,} bytes; allowed are {LARGEST_STUDY_FILE:,}.")
        try:
            text = file.read().decode()
        except UnicodeDecodeError as error:
            raise StudyFileRefused(f"{file.name}: byte {error.start} is not UTF-8.") from None
        slug = unused_slug(file.name.rsplit(".", 1)[0])
        study = import_study(text, slug=slug, name=file.name, team_id=team, owner=request.user)
        return self._answer(request, study, file.name)


class Archives(_Import):
    @described("Restore a closed study from its archive", s.Upload, s.Imported, 201)
    def post(self, request):
        team, file = _team_of(request.user), self._file(request)
        study = restore_archive(file, name=file.name, team_id=team, owner=request.user)
        return self._answer(request, study, file.name)


@extend_schema_view(list=described("The audit log, newest first", response=s.AuditSerializer(many=True)))
class AuditViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """What was done with the studies of the teams that you administer."""

    queryset = AuditEvent.objects.none()
    serializer_class = s.AuditSerializer
    filterset_fields = ["study__slug", "action", "who"]

    def get_queryset(self):
        return AuditEvent.objects.visible_to(self.request.user).select_related("study", "team")


@extend_schema_view(
    list=described("Your teams", response=s.TeamSerializer(many=True)),
    retrieve=described("A team and its members", response=s.TeamSerializer),
)
class TeamViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = Team.objects.none()
    serializer_class = s.TeamSerializer
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self):
        return Team.objects.of(self.request.user).prefetch_related("memberships__user")

    @described("Give somebody a role", s.MemberSerializer, s.MemberSerializer, 200)
    @action(detail=True, methods=["put"])
    def members(self, request, pk):
        team = self._administered(pk)
        body = s.MemberSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user, role = body.validated_data["user"], body.validated_data.get("role", "researcher")
        with transaction.atomic():
            self._keep_an_administrator(team, user, role)
            given, _ = Membership.objects.update_or_create(team=team, user=user, defaults={"role": role})
            self._record(team, f"{user.get_username()} is {role}")
        return Response(s.MemberSerializer(given).data)

    @described("Take somebody out of the team", response=None, code=204)
    @action(detail=True, methods=["delete"], url_path="members/(?P<username>[^/]+)", url_name="member")
    def remove_member(self, request, pk, username):
        team = self._administered(pk)
        with transaction.atomic():
            member = team.memberships.select_related("user").filter(user__username=username).first()
            if member is None:
                raise Http404(f"{username!r} is not in {team}.")
            self._keep_an_administrator(team, member.user, None)
            member.delete()
            self._record(team, f"{username} is removed")
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _administered(self, pk):
        team = get_object_or_404(self.get_queryset(), pk=pk)
        if not allowed_in(self.request.user, Action.ADMINISTER, team.pk):
            raise PermissionDenied("Only an administrator of the team changes who is in it.")
        return team

    def _keep_an_administrator(self, team, user, role):
        if not team.keeps_an_administrator(user, role):
            raise Conflict(f"{team} needs an administrator: make somebody else one first.")

    def _record(self, team, what):
        AuditEvent.objects.record(self.request.user, AuditEvent.Action.TEAM_CHANGED, team=team, detail=what)


class Tokens(APIView):
    authentication_classes = [TokenAuthentication]  # no session: a cookie is no reason to give a token away

    def get_permissions(self):
        return [IsAuthenticated() if self.request and self.request.method == "DELETE" else AllowAny()]

    @described("A token for your password", s.Credentials, s.TokenSerializer, 200)
    def post(self, request):
        body = s.Credentials(data=request.data)
        body.is_valid(raise_exception=True)
        keys = [("name", body.validated_data["username"].casefold()), ("address", address_of(request))]
        if any(failed_logins.is_reached(*key) for key in keys):
            raise Throttled(detail="Too many logins failed. Please try again in a quarter of an hour.")
        user = authenticate(request, **body.validated_data)
        if user is None:
            for key in keys:
                failed_logins.count(*key)
            raise AuthenticationFailed("No active account has this name and password.")
        return Response({"token": Token.objects.get_or_create(user=user)[0].key})

    @described("Revoke the token that this request carries", response=None, code=204)
    def delete(self, request):
        request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
