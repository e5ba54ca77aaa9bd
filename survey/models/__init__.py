"""The data model, a file a noun: explanation sets, studies, plans and answers, participations."""

from .audit import AuditEvent
from .explanation_sets import ClassMap, ExplanationSet, Method, Original
from .identities import PlatformIdentity
from .jobs import Classifier, Rehearsal, SetBuild
from .participations import Participation
from .plans import Answer, PlannedQuestion
from .questions import Option, Question
from .studies import Study
from .teams import Membership, Team
from .texts import StudyText
from .throttles import ThrottleCount, ThrottleWindow

__all__ = [
    "Answer",
    "AuditEvent",
    "ClassMap",
    "Classifier",
    "ExplanationSet",
    "Membership",
    "Method",
    "Option",
    "Original",
    "Participation",
    "PlannedQuestion",
    "PlatformIdentity",
    "Question",
    "Rehearsal",
    "SetBuild",
    "Study",
    "StudyText",
    "Team",
    "ThrottleCount",
    "ThrottleWindow",
]
