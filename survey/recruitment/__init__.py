"""Where participants come from and where they go back to: a file a platform, each with its own conventions.

A platform's module has a TITLE; whether it IS_A_SITE of its own; ADVICE for the researcher;
`arrival(query, slug)`, which reads who came from the query of the study's link;
`way_back(study, identity, outcome)`, which sends them back; `faults(study)`, what is wrong in the study's
return address and codes. It knows neither views nor models: a study is what has `return_url` and
`code(outcome)`, an identity what has `person`, `submission` and `return_to`, or None.
"""

from . import connect, invitation, link, mturk, prolific, sona
from .arrivals import Arrival, NotSentByPlatform, Outcome, PreviewOnly, WayBack

PLATFORMS = {
    "link": link,
    "prolific": prolific,
    "sona": sona,
    "connect": connect,
    "mturk": mturk,
    "invitation": invitation,
}

__all__ = ["PLATFORMS", "Arrival", "NotSentByPlatform", "Outcome", "PreviewOnly", "WayBack"]
