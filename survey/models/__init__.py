"""The data model, a file a noun: explanation sets, studies, plans and answers, participations."""

from .explanation_sets import ClassMap, ExplanationSet, Method
from .identities import PlatformIdentity
from .jobs import Classifier, Rehearsal, SetBuild
from .participations import Participation
from .plans import Answer, PlannedQuestion
from .questions import Option, Question
from .studies import Study
from .texts import StudyText

__all__ = [
    "Answer",
    "ClassMap",
    "Classifier",
    "ExplanationSet",
    "Method",
    "Option",
    "Participation",
    "PlannedQuestion",
    "PlatformIdentity",
    "Question",
    "Rehearsal",
    "SetBuild",
    "Study",
    "StudyText",
]
