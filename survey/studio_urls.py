"""The addresses of the studio, room by room."""

from django.contrib.auth import views as auth
from django.urls import include, path

from . import converters  # noqa: F401 (registers them)
from .views import login, results
from .views.studio import builds, files, live, planning, preview, rehearsals, sets, studies, teams, texts

preview_urls = [
    path("", preview.welcome, name="preview"),
    path("instructions/", preview.instructions, name="preview_instructions"),
    path("practice/", preview.question, {"position": 0}, name="preview_practice"),
    path("practice/<earlier:position>/", preview.question, name="preview_early_practice"),
    path("<int:position>/", preview.question, name="preview_question"),
    path("thanks/", preview.thanks, name="preview_thanks"),
]
results_urls = [
    path("", results.results, name="results"),
    path("look/", results.look, name="look_early"),
    path("votes.csv", results.votes_csv, name="votes_csv"),
    path("codebook.csv", results.codebook_csv, name="codebook_csv"),
    path("report.<str:extension>", results.report_file, name="report_file"),
    path("<str:chart>.svg", results.chart, name="chart"),
]
set_urls = [
    path("sets/upload/", sets.upload, name="upload_set"),
    path("sets/<slug:slug>/", sets.explanation_set, name="explanation_set"),
    path("sets/<slug:slug>/new-study/", studies.new_study, name="new_study"),
    path("sets/<slug:slug>/effect/", studies.effect, name="effect"),
    path("sets/<slug:slug>/metrics.<str:extension>", sets.metrics, name="set_metrics"),
    path("maps/<int:pk>/", sets.class_map, name="class_map_page"),
    path("maps/<int:pk>.png", sets.picture, name="class_map"),
    path("maps/<int:pk>/signed.png", sets.signed_picture, name="signed_picture"),
    path("maps/<int:pk>/values.json", sets.values_json, name="values_json"),
    path("maps/<int:pk>/values.csv", sets.values_csv, name="values_csv"),
]
build_urls = [
    path("new/", builds.new_build, name="new_build"),
    path("methods/", builds.methods, name="known_methods"),
    path("<int:pk>/", builds.build, name="build"),
    path("<int:pk>/progress/", builds.progress, name="build_progress"),
    path("<int:pk>/cancel/", builds.cancel, name="cancel_build"),
    path("<int:pk>/resume/", builds.resume, name="resume_build"),
]
live_urls = [
    path("", live.live, name="live"),
    path("numbers/", live.numbers, name="live_numbers"),
    path("left-out/", live.left_out, name="left_out"),
    path("pause/", live.pause, name="pause_study"),
    path("resume/", live.resume, name="resume_study"),
    path("extend/", live.extend_quota, name="extend_quota"),
]
rehearsal_urls = [
    path("", rehearsals.rehearsal, name="rehearsal"),
    path("progress/", rehearsals.progress, name="rehearsal_progress"),
    path("cancel/", rehearsals.cancel, name="cancel_rehearsal"),
    path("go-on/", rehearsals.go_on, name="go_on_rehearsing"),
    path("erase/", rehearsals.erase, name="erase_rehearsal"),
]
text_urls = [
    path("", texts.texts, name="texts"),
    path("add/", texts.add_language, name="add_language"),
    path("<slug:language>/", texts.text, name="text"),
    path("<slug:language>/preview/", texts.preview, name="text_preview"),
    path("<slug:language>/remove/", texts.remove_language, name="remove_language"),
    path("<slug:language>/default/", texts.make_default, name="make_default_language"),
]
study_urls = [
    path("", studies.study, name="study"),
    path("design/", studies.design, name="design"),
    path("power/", planning.power, name="power"),
    path("power/estimate/", planning.estimate, name="power_estimate"),
    path("power/curve.svg", planning.curve, name="power_curve"),
    path("open/", studies.open_study, name="open_study"),
    path("close/", live.close, name="close_study"),
    path("live/", include(live_urls)),
    path("rehearsal/", include(rehearsal_urls)),
    path("texts/", include(text_urls)),
    path("preview/", include(preview_urls)),
    path("results/", include(results_urls)),
    path("files/", files.files, name="files"),
    path("files/study.yaml", files.study_file, name="study_file"),
    path("files/archive.zip", files.archive, name="archive"),
    path("files/plan/", files.plan, name="plan"),
    path("files/plan.md", files.plan_markdown, name="plan_markdown"),
    path("new-version/", files.new_version, name="new_version"),
    path("risks/", studies.review_risks, name="risks"),
]
urlpatterns = [
    path("", studies.studies, name="studies"),
    path("login/", login.ThrottledLogin.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    *set_urls,
    path("builds/", include(build_urls)),
    path("studies/import/", files.import_file, name="import_study"),
    path("studies/<slug:slug>/", include(study_urls)),
    path("team/", teams.teams, name="teams"),
    path("team/<int:pk>/member/", teams.set_role, name="set_role"),
    path("team/<int:pk>/member/<int:user_pk>/remove/", teams.remove, name="remove_member"),
    path("audit/", teams.audit, name="audit"),
]
