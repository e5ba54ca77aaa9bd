"""Prolific: it adds PROLIFIC_PID, STUDY_ID and SESSION_ID to the link; back goes a code by outcome.

https://researcher-help.prolific.com, "How do I record Prolific IDs" and "Completing your study".
"""

from urllib.parse import urlencode

from .arrivals import ANSWERED, Arrival, Outcome, WayBack, told

TITLE = "Prolific"
IS_A_SITE = True
ADVICE = (
    "On Prolific, record IDs by URL parameters: add ?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}"
    "&SESSION_ID={{%SESSION_ID%}} to the participant link, and enter here the code of each completion path."
)
COMPLETE = "https://app.prolific.com/submissions/complete"


def arrival(query, slug):
    person = told(query, "PROLIFIC_PID", TITLE)
    told(query, "STUDY_ID", TITLE)
    return Arrival(person, submission=told(query, "SESSION_ID", TITLE))


def way_back(study, identity, outcome):
    code = study.code(outcome)
    if not code and outcome in ANSWERED:
        code = study.code(Outcome.COMPLETE)
    return WayBack(url=f"{COMPLETE}?{urlencode({'cc': code})}", code=code) if code else WayBack()


def faults(study):
    if study.code(Outcome.COMPLETE):
        return {}
    return {"code_complete": "Prolific sends people back with a code: enter the one of its completion path."}
