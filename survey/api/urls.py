from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.routers import SimpleRouter

from .builds import BuildViewSet, ClassifierViewSet
from .others import Archives, AuditViewSet, SetViewSet, StudyFiles, TeamViewSet, Tokens
from .studies import StudyViewSet


class Router(SimpleRouter):
    """Ends addresses with a slash, but those of files with the file's name."""

    def get_routes(self, viewset):
        return [_as_file(route) if "." in route.url else route for route in super().get_routes(viewset)]


def _as_file(route):
    return route._replace(url=route.url.replace("{trailing_slash}", ""))


router = Router()
router.register("sets", SetViewSet)
router.register("studies", StudyViewSet)
router.register("builds", BuildViewSet)
router.register("classifiers", ClassifierViewSet)
router.register("audit", AuditViewSet)
router.register("teams", TeamViewSet)
urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("tokens/", Tokens.as_view(), name="tokens"),
    path("study-files/", StudyFiles.as_view(), name="study_files"),
    path("archives/", Archives.as_view(), name="archives"),
    *router.urls,
]
