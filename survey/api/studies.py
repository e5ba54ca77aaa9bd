"""Studies: made, changed, reviewed, run, and taken away as files."""

import io

from django.http import Http404, HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.response import Response

from ..designing.reference_study import default_design
from ..designing.review import risks
from ..exporting import REPORT_FORMATS, SIMULATED, study_report, vote_lines, votes_file_name, votes_parquet
from ..files.archive import archive_name, write_archive
from ..files.preregistration import preregistration
from ..files.study_file import create_study, export_study, revise_study, study_data, unused_slug
from ..files.versions import new_version
from ..models import AuditEvent, Study
from ..rights import Action, allowed_in, find_study, look_early, must_say_why, teams_for
from . import serializers as s
from .describing import ERRORS, described, file_described
from .live import LiveActions
from .merging import merged
from .power import PowerActions
from .preview import PreviewActions
from .problems import Conflict
from .rehearsals import RehearsalActions
from .texts import TextActions

SIMULATED_PARAMETER = OpenApiParameter("simulated", enum=SIMULATED, default="include")
EXAMPLE = OpenApiExample(
    "The paper's study, with 84 participants and two methods",
    value={
        "explanation_set": "mnist",
        "slug": "digits",
        "design": {"methods": ["normlime", "lime"], "participants": {"wanted": 84}},
    },
    request_only=True,
)


class StudyViewSet(
    TextActions,
    PreviewActions,
    RehearsalActions,
    PowerActions,
    LiveActions,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    serializer_class = s.StudySerializer
    queryset = Study.objects.none()
    filterset_fields = ["status", "platform", "version", "explanation_set__slug", "team__name"]

    def get_queryset(self):
        found = Study.objects.visible_to(self.request.user).with_counts()
        return found.select_related("explanation_set", "team").prefetch_related("texts")

    def _study(self, slug, wanted=Action.VIEW):
        studies = Study.objects.with_counts().select_related("explanation_set", "team", "rehearsal__study")
        return find_study(self.request.user, slug, wanted, studies.prefetch_related("texts"))

    def _answer(self, study, code=200):
        return Response(s.StudyWithDesign(self._study(study.slug)).data, code)

    def _body(self, serializer):
        body = serializer(data=self.request.data)
        body.is_valid(raise_exception=True)
        return body.validated_data

    def _record(self, study, event, detail=""):
        AuditEvent.objects.record(self.request.user, event, study, detail=detail)

    @extend_schema(
        summary="The studies of your teams", responses={200: s.StudySerializer(many=True), **ERRORS}
    )
    def list(self, request):
        return super().list(request)

    @described("Make a draft from an explanation set", s.NewStudy, code=201, examples=[EXAMPLE])
    def create(self, request):
        body = self._body(s.NewStudy)
        chosen_set = body["explanation_set"]
        design = merged(default_design(chosen_set), body.get("design", {}))
        slug = body.get("slug") or unused_slug(chosen_set.slug)
        study = create_study(design, slug=slug, team_id=self._team(body.get("team")), owner=request.user)
        self._record(study, AuditEvent.Action.CREATED)
        return self._answer(study, status.HTTP_201_CREATED)

    def _team(self, name):
        teams = s.Team.objects.of(self.request.user)
        if name is not None:
            teams = teams.filter(name=name)
        else:
            teams = teams.filter(pk__in=teams_for(self.request.user, Action.EDIT)) or teams
        for team in teams.order_by("pk"):
            if allowed_in(self.request.user, Action.EDIT, team.pk):
                return team.pk
        raise PermissionDenied("You have no role that may make studies in this team.")

    @described("A study with its design")
    def retrieve(self, request, slug):
        return self._answer(self._study(slug))

    @described("Change a draft", s.DesignPatch)
    def partial_update(self, request, slug):
        study = self._study(slug, Action.EDIT)
        if not study.is_draft:
            raise Conflict(f"{slug} is frozen since it opened; make a new version to change it.")
        revise_study(study, merged(study_data(study), self._body(s.DesignPatch)["design"]))
        self._record(study, AuditEvent.Action.CHANGED)
        return self._answer(study)

    @described("What is risky, before opening", response=s.RiskSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def review(self, request, slug):
        return Response(s.RiskSerializer(risks(self._study(slug)), many=True).data)

    def _run(self, slug, move, event):
        study = self._study(slug, Action.RUN)
        if not move(study):
            raise Conflict(f"{slug} is {study.status}: it can't be {event}.")
        self._record(study, event)
        return self._answer(study)

    @described("Open a draft: freezes its design under a hash")
    @action(detail=True, methods=["post"])
    def open(self, request, slug):
        return self._run(slug, Study.open, AuditEvent.Action.OPENED)

    @described("Pause: nobody can start any more, who has begun may finish")
    @action(detail=True, methods=["post"])
    def pause(self, request, slug):
        return self._run(slug, Study.pause, AuditEvent.Action.PAUSED)

    @described("Resume a paused study")
    @action(detail=True, methods=["post"])
    def resume(self, request, slug):
        return self._run(slug, Study.resume, AuditEvent.Action.RESUMED)

    @described("Close for good")
    @action(detail=True, methods=["post"])
    def close(self, request, slug):
        return self._run(slug, Study.close, AuditEvent.Action.CLOSED)

    @described("Want more participants than before; null is any number", s.Quota)
    @action(detail=True, methods=["post"])
    def quota(self, request, slug):
        study, quota = self._study(slug, Action.RUN), self._body(s.Quota)["quota"]
        if not study.extend_quota(quota):
            raise Conflict(f"{slug} is {study.status} and wants {study.quota}; the quota can only grow.")
        self._record(study, AuditEvent.Action.EXTENDED, f"to {quota or 'any number'}")
        return self._answer(study)

    @described("Make a new version of an opened study, a draft", code=201)
    @action(detail=True, methods=["post"])
    def versions(self, request, slug):
        study = self._study(slug, Action.EDIT)
        return self._answer(new_version(study, request.user), status.HTTP_201_CREATED)

    @described("Say why you look at results before the study closes", s.Reason, s.Reason, 201)
    @action(detail=True, methods=["post"])
    def look(self, request, slug):
        study = self._study(slug, Action.RESULTS)
        if study.is_rehearsal:
            raise Conflict(f"{slug} is a rehearsal: its shares are not hidden.")
        look = look_early(request.user, study, self._body(s.Reason)["reason"])
        return Response(s.Reason(look).data, status.HTTP_201_CREATED)

    @described("How participations went", response=s.ParticipationSerializer(many=True))
    @action(
        detail=True, serializer_class=s.ParticipationSerializer, pagination_class=LimitOffsetPagination,
        filterset_fields=[],
    )  # fmt: skip
    def participations(self, request, slug):
        page = self.paginate_queryset(self._study(slug).participations.order_by("pk"))
        return self.get_paginated_response(s.ParticipationSerializer(page, many=True).data)

    def _opened_results(self, slug, wanted, simulated="include"):
        study = self._study(slug, wanted)
        if not study.is_rehearsal and must_say_why(self.request.user, study, simulated):
            raise PermissionDenied(
                f"{slug} is {study.status}, and shares are hidden until it closes: say why at look/."
            )
        return study

    def _simulated(self):
        chosen = self.request.query_params.get("simulated", "include")
        return chosen if chosen in SIMULATED else "include"

    @file_described("The vote table", "text/csv")
    @action(detail=True, url_path="votes.csv")
    def votes_csv(self, request, slug):
        study = self._opened_results(slug, Action.EXPORT)
        self._record(study, AuditEvent.Action.EXPORTED, "votes.csv")
        response = StreamingHttpResponse(vote_lines(study), content_type="text/csv; charset=utf-8")
        return _file(response, votes_file_name(study), study)

    @file_described("The vote table as Parquet", "application/vnd.apache.parquet")
    @action(detail=True, url_path="votes.parquet")
    def votes_parquet(self, request, slug):
        study = self._opened_results(slug, Action.EXPORT)
        self._record(study, AuditEvent.Action.EXPORTED, "votes.parquet")
        response = HttpResponse(votes_parquet(study), content_type="application/vnd.apache.parquet")
        return _file(response, f"{slug}-votes.parquet", study)

    @file_described("The report", "application/json", parameters=[SIMULATED_PARAMETER])
    @action(detail=True, url_path=r"report\.(?P<extension>[a-z]+)")
    def report(self, request, slug, extension):
        study = self._opened_results(slug, Action.RESULTS, self._simulated())
        if extension not in REPORT_FORMATS:
            raise Http404(f"There is no report as {extension!r}; there are {', '.join(REPORT_FORMATS)}.")
        found = study_report(study, self._simulated())
        if found is None:
            raise Http404("There are no votes yet.")
        self._record(study, AuditEvent.Action.EXPORTED, f"report.{extension}")
        content_type, report_format = REPORT_FORMATS[extension]
        response = HttpResponse(found.write(report_format), content_type=content_type)
        return _file(response, f"{slug}-report.{extension}", study)

    @file_described("The study file", "application/yaml")
    @action(detail=True, url_path="study.yaml")
    def study_file(self, request, slug):
        study = self._study(slug, Action.EXPORT)
        self._record(study, AuditEvent.Action.EXPORTED, "study file")
        response = HttpResponse(export_study(study), content_type="application/yaml")
        return _file(response, f"{slug}.yaml", study)

    @file_described("The pre-registration", "text/markdown")
    @action(detail=True, url_path="preregistration.md")
    def preregistration(self, request, slug):
        study = self._study(slug)
        text = preregistration(study).to_markdown()
        self._record(study, AuditEvent.Action.EXPORTED, "pre-registration")
        return _file(HttpResponse(text, content_type="text/markdown; charset=utf-8"), f"{slug}.md", study)

    @file_described("The replication archive of a closed study", "application/zip")
    @action(detail=True, url_path="archive.zip")
    def archive(self, request, slug):
        study = self._study(slug, Action.EXPORT)
        if not study.is_closed:
            raise Conflict(f"{slug} is {study.status}: an archive is of a closed study.")
        file = io.BytesIO()
        write_archive(study, file)
        self._record(study, AuditEvent.Action.EXPORTED, "archive")
        response = HttpResponse(file.getvalue(), content_type="application/zip")
        return _file(response, archive_name(study), study)


def _file(response, name, study):
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if study.design_sha256:
        response.headers["X-Design-SHA256"] = study.design_sha256
    return response
