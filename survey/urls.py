from django.contrib.auth import views as auth
from django.urls import include, path, register_converter
from django.urls.converters import IntConverter, StringConverter
from django.views.generic import RedirectView

from .views import health, login, participant, results, studio


class TokenConverter(StringConverter):
    """An unguessable id of ours; anything else, a NUL above all, never reaches the database."""

    regex = "[0-9A-Za-z_-]{1,32}"


class PositionConverter(IntConverter):
    regex = "[0-9]{1,4}"


register_converter(TokenConverter, "token")
register_converter(PositionConverter, "position")

participant_urls = [
    path("s/<slug:slug>/", participant.welcome, name="welcome"),
    path("s/<slug:slug>/start/", participant.start, name="start"),
    path("s/<slug:slug>/decline/", participant.decline, name="decline"),
    path("s/<slug:slug>/next-person/", participant.next_person, name="next_person"),
    path("s/<slug:slug>/withdraw/", participant.withdraw, name="withdraw"),
    path("s/<slug:slug>/withdrawn/", participant.withdrawn, name="withdrawn"),
    path("p/<token:public_id>/", participant.resume, name="resume"),
    path("p/<token:public_id>/screening/", participant.screening, name="screening"),
    path("p/<token:public_id>/instructions/", participant.instructions, name="instructions"),
    path("p/<token:public_id>/practice/", participant.question, {"position": 0}, name="practice"),
    path("p/<token:public_id>/<position:position>/", participant.question, name="question"),
    path("p/<token:public_id>/thanks/", participant.thanks, name="thanks"),
    path("pictures/<token:token>.png", participant.picture, name="picture"),
]
preview_urls = [
    path("", studio.preview_welcome, name="preview"),
    path("instructions/", studio.preview_instructions, name="preview_instructions"),
    path("practice/", studio.preview_question, {"position": 0}, name="preview_practice"),
    path("<int:position>/", studio.preview_question, name="preview_question"),
    path("thanks/", studio.preview_thanks, name="preview_thanks"),
]
results_urls = [
    path("", results.results, name="results"),
    path("votes.csv", results.votes_csv, name="votes_csv"),
    path("codebook.csv", results.codebook_csv, name="codebook_csv"),
    path("report.<str:extension>", results.report_file, name="report_file"),
    path("<str:chart>.svg", results.chart, name="chart"),
]
studio_urls = [
    path("", studio.studies, name="studies"),
    path("login/", login.ThrottledLogin.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("sets/<slug:slug>/", studio.explanation_set, name="explanation_set"),
    path("sets/<slug:slug>/new-study/", studio.new_study, name="new_study"),
    path("maps/<int:pk>.png", studio.class_map, name="class_map"),
    path("studies/<slug:slug>/", studio.study, name="study"),
    path("studies/<slug:slug>/edit/", studio.edit_study, name="edit_study"),
    path("studies/<slug:slug>/open/", studio.open_study, name="open_study"),
    path("studies/<slug:slug>/close/", studio.close_study, name="close_study"),
    path("studies/<slug:slug>/preview/", include(preview_urls)),
    path("studies/<slug:slug>/results/", include(results_urls)),
]
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", RedirectView.as_view(pattern_name="studio:studies"), name="home"),
    path("", include((participant_urls, "participant"))),
    path("studio/", include((studio_urls, "studio"))),
]

handler400 = "survey.views.refusals.bad_request"
handler403 = "survey.views.refusals.forbidden"
handler404 = "survey.views.refusals.not_found"
