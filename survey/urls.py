from django.urls import include, path
from django.views.generic import RedirectView

from . import converters, studio_urls  # noqa: F401 (converters register themselves)
from .views import health, participant, schemas

participant_urls = [  # the question first: it is asked for ten times as often as all others together
    path("p/<token:public_id>/<position:position>/", participant.question, name="question"),
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
    path("p/<token:public_id>/practice/<earlier:position>/", participant.question, name="early_practice"),
    path("p/<token:public_id>/thanks/", participant.thanks, name="thanks"),
    path("pictures/<token:token>.png", participant.picture, name="picture"),
]
urlpatterns = [
    path("", include((participant_urls, "participant"))),
    path("healthz", health.healthz, name="healthz"),
    path("api/v1/", include(("survey.api.urls", "api"))),
    path("study-file.schema.json", schemas.study_file, name="study_file_schema"),
    path("", RedirectView.as_view(pattern_name="studio:studies"), name="home"),
    path("studio/", include((studio_urls.urlpatterns, "studio"))),
]

handler400 = "survey.views.refusals.bad_request"
handler403 = "survey.views.refusals.forbidden"
handler404 = "survey.views.refusals.not_found"
