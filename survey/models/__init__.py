"""The data model, a file a noun: explanation sets, studies, plans and answers, participations."""

from .explanation_sets import ClassMap, ExplanationSet, Method
from .identities import PlatformIdentity
from .participations import Participation
from .plans import Answer, PlannedQuestion
from .studies import Option, Question, Study
from .texts import StudyText
from .throttles import ThrottleCount, ThrottleWindow

__all__ = [
    "Answer",
    "ClassMap",
    "ExplanationSet",
    "Method",
    "Option",
    "Participation",
    "PlannedQuestion",
    "PlatformIdentity",
    "Question",
    "Study",
    "StudyText",
    "ThrottleCount",
    "ThrottleWindow",
]
