"""Amazon Mechanical Turk, ExternalQuestion: the study stands in its frame, and a form goes back to it.

https://docs.aws.amazon.com/AWSMechTurk/latest/AWSMturkAPI/ApiReference_ExternalQuestionArticle.html
"""

from django.utils.translation import gettext_lazy as _

from .arrivals import Arrival, NotSentByPlatform, PreviewOnly, WayBack, told

TITLE = "Amazon Mechanical Turk"
IS_A_SITE = True
ADVICE = (
    "Give the participant link as the ExternalURL of an ExternalQuestion. MTurk adds assignmentId, hitId, "
    "workerId and turkSubmitTo, and shows the study in a frame."
)
SITES = ("https://www.mturk.com", "https://workersandbox.mturk.com")
FRAME_HOSTS = (*SITES, "https://worker.mturk.com")
PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"


def arrival(query, slug):
    assignment = told(query, "assignmentId", TITLE)
    if assignment == PREVIEW:
        raise PreviewOnly
    told(query, "hitId", TITLE)
    site = told(query, "turkSubmitTo", TITLE).rstrip("/")
    if site not in SITES:
        raise NotSentByPlatform(
            _("The link names a place to send the answer to that is not Mechanical Turk’s.")
        )
    return Arrival(told(query, "workerId", TITLE), submission=assignment, return_to=site)


def way_back(study, identity, outcome):
    """A form; MTurk wants one field at least besides the assignment's id."""
    if identity is None:
        return WayBack()
    fields = {"assignmentId": identity.submission, "outcome": str(outcome)}
    return WayBack(url=f"{identity.return_to}/mturk/externalSubmit", fields=fields)


def faults(study):
    return {}
