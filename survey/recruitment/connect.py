"""CloudResearch Connect: it adds participantId, assignmentId and projectId; back goes its redirect address.

https://connect-researcher-help.cloudresearch.com, "Project Completion": the redirect is for who reached the
end of the project, never for who was screened out.
"""

from .arrivals import ANSWERED, Arrival, Outcome, WayBack, told

TITLE = "CloudResearch Connect"
IS_A_SITE = True
ADVICE = (
    "Connect adds participantId, assignmentId and projectId to the participant link by itself. Copy its "
    "redirect URL into the return address here, or its completion code into the code for complete."
)


def arrival(query, slug):
    person = told(query, "participantId", TITLE)
    told(query, "projectId", TITLE)
    return Arrival(person, submission=told(query, "assignmentId", TITLE))


def way_back(study, identity, outcome):
    if outcome not in ANSWERED:
        return WayBack(code=study.code(outcome))
    return WayBack(url=study.return_url, code=study.code(outcome) or study.code(Outcome.COMPLETE))


def faults(study):
    if study.return_url or study.code(Outcome.COMPLETE):
        return {}
    return {"return_url": "Enter Connect's redirect URL here, or its completion code below."}
