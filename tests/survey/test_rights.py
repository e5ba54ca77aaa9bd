import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404

from survey.models import AuditEvent, Membership, Study, Team
from survey.models.audit import AppendOnly
from survey.rights import Action, allowed, find_study, look_early, must_say_why, teams_for

pytestmark = pytest.mark.django_db
WHY = "The platform asks whether pay is fair."


@pytest.fixture
def member(django_user_model, draft_study):
    """The function that makes somebody with a role in the study's team."""

    def make(role):
        user = django_user_model.objects.create_user(f"a-{role}")
        Membership.objects.create(team=draft_study.team, user=user, role=role)
        return user

    return make


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("analyst", {"view", "results", "export"}),
        ("researcher", {"view", "results", "export", "edit", "run"}),
        ("administrator", set(Action)),
    ],
)
def test_a_role_may_do_just_this(member, draft_study, role, actions):
    user = member(role)
    assert {action for action in Action if allowed(user, action, draft_study)} == actions


def test_a_superuser_may_do_everything(django_user_model, draft_study):
    user = django_user_model.objects.create_superuser("root")
    assert all(allowed(user, action, draft_study) for action in Action)
    assert list(Study.objects.visible_to(user)) == [draft_study]


def test_who_is_not_in_the_team_sees_nothing(outsider, draft_study):
    assert not any(allowed(outsider.user, action, draft_study) for action in Action)
    assert not Study.objects.visible_to(outsider.user).exists()
    with pytest.raises(Http404):
        find_study(outsider.user, "digits")


def test_nobody_without_a_login_may_do_anything(draft_study):
    from django.contrib.auth.models import AnonymousUser

    assert not allowed(AnonymousUser(), "view", draft_study)


def test_a_role_that_may_not_is_told_so(member, draft_study):
    with pytest.raises(
        PermissionDenied, match=r"^You are analyst of Our team; this needs a role that may edit\.$"
    ):
        find_study(member("analyst"), "digits", Action.EDIT)


def test_a_study_is_made_in_a_team_that_may_edit(member, draft_study):
    assert teams_for(member("researcher"), "edit") == [draft_study.team_id]
    assert teams_for(member("analyst"), "edit") == []


def test_counts_stay_right_for_a_team_of_many(complete_participation, open_study, member):
    users = [member(role) for role in ("analyst", "researcher", "administrator")]
    [seen] = Study.objects.visible_to(users[0]).with_counts()
    assert (seen.started, seen.completed, seen.kept) == (1, 1, 1)


@pytest.mark.parametrize(
    ("path", "status"),
    [("", 200), ("design/", 200), ("results/", 200), ("preview/", 200), ("results/votes.csv", 200)],
)
def test_an_analyst_reads_and_edits_nothing(analyst, draft_study, path, status):
    assert analyst.get(f"/studio/studies/digits/{path}").status_code == status


@pytest.mark.parametrize("path", ["open/", "close/", "design/"])
def test_an_analyst_runs_no_study(analyst, draft_study, path):
    assert analyst.post(f"/studio/studies/digits/{path}").status_code == 403
    assert Study.objects.get().is_draft


@pytest.mark.parametrize("path", ["", "design/", "results/", "preview/", "results/votes.csv"])
def test_an_outsider_finds_no_study(outsider, draft_study, path):
    assert outsider.get(f"/studio/studies/digits/{path}").status_code == 404


def test_opening_is_written_to_the_audit_log(researcher, draft_study):
    researcher.post("/studio/studies/digits/open/")
    [line] = draft_study.audit.all()
    assert (line.who, line.action, line.team) == ("researcher", "opened", draft_study.team)


def test_who_looks_early_says_why_once_an_hour(member, open_study):
    user = member("analyst")
    assert must_say_why(user, open_study)
    assert not must_say_why(user, open_study, simulated="only")
    look_early(user, open_study, WHY)
    assert not must_say_why(user, open_study)
    open_study.audit.get(action="looked early", reason=WHY)


def test_one_persons_reason_is_no_other_persons(member, open_study):
    look_early(member("analyst"), open_study, WHY)
    assert must_say_why(member("researcher"), open_study)


@pytest.mark.parametrize("reason", ["", "  why   not ", "x" * 501])
def test_a_reason_to_look_is_a_sentence(member, open_study, reason):
    with pytest.raises(ValidationError):
        look_early(member("analyst"), open_study, reason)
    assert not AuditEvent.objects.exists()


def test_after_closing_nobody_is_asked(member, closed_study):
    assert not must_say_why(member("analyst"), closed_study)


def test_the_audit_log_is_only_written_to(open_study):
    line = AuditEvent.objects.record(None, "opened", open_study)
    for change in (line.save, line.delete, AuditEvent.objects.all().delete):
        with pytest.raises(AppendOnly):
            change()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.update(who="nobody")
    assert line.who == "command line"


def test_the_database_refuses_an_early_look_without_a_reason(open_study):
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.record(None, "looked early", open_study)


def test_only_administrators_read_the_audit_log(member, outsider, open_study):
    AuditEvent.objects.record(None, "opened", open_study)
    assert AuditEvent.objects.visible_to(member("administrator")).count() == 1
    for user in (member("researcher"), outsider.user):
        assert not AuditEvent.objects.visible_to(user).exists()


def test_a_log_line_outlives_the_account(django_user_model, open_study):
    user = django_user_model.objects.create_user("leaving")
    AuditEvent.objects.record(user, "closed", open_study)
    user.delete()
    assert AuditEvent.objects.get().who == "leaving"


def test_roles_are_read_once(member, draft_study, django_assert_num_queries):
    user, study = member("researcher"), Study.objects.select_related("rehearsal").get()
    with django_assert_num_queries(1):
        for action in Action:
            allowed(user, action, study)


@pytest.mark.parametrize("change", [{"min_passed": 1}, {"seed": 3}])
def test_an_opened_study_can_not_be_saved_differently(open_study, change):
    for name, value in change.items():
        setattr(open_study, name, value)
    with pytest.raises(ValidationError, match="frozen since it opened; make a new version"):
        open_study.save()


def test_the_texts_of_an_opened_study_stay(open_study):
    text = open_study.text_in("en")
    text.title = "Another"
    with pytest.raises(ValidationError, match="frozen since it opened"):
        text.save()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_before_there_were_teams_everybody_might_do_everything(django_user_model, explanation_set):
    from django.db.migrations.executor import MigrationExecutor

    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("survey")
    try:
        before = MigrationExecutor(connection)
        before.migrate([("survey", "0021_add_background_jobs")])
        user = django_user_model.objects.create_user("early")
        old = before.loader.project_state([("survey", "0021_add_background_jobs")]).apps
        old.get_model("survey", "Study").objects.create(slug="old", explanation_set_id=explanation_set.pk)
    finally:
        MigrationExecutor(connection).migrate(latest)
    assert Study.objects.visible_to(user).get().slug == "old"
    assert Membership.objects.get(user=user).role == "administrator"
    assert Team.objects.count() == 1
