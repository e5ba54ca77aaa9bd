"""A plain link that anybody may share; at the end stands a code that shows who has finished."""

from .arrivals import WayBack

TITLE = "Plain link"
IS_A_SITE = False
ADVICE = "Send the participant link to anybody. The last page shows each person a code of their own."


def arrival(query, slug):
    """Nobody is named: the browser's cookie knows who comes back."""


def way_back(study, identity, outcome):
    return WayBack(code=study.code(outcome))


def faults(study):
    return {}
