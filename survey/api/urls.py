from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.routers import SimpleRouter

from .others import Archives, AuditViewSet, SetViewSet, StudyFiles, TeamViewSet, Tokens
from .studies import StudyViewSet

router = SimpleRouter()
router.register("sets", SetViewSet)
router.register("studies", StudyViewSet)
router.register("audit", AuditViewSet)
router.register("teams", TeamViewSet)
urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("tokens/", Tokens.as_view(), name="tokens"),
    path("study-files/", StudyFiles.as_view(), name="study_files"),
    path("archives/", Archives.as_view(), name="archives"),
    *router.urls,
]
