"""Whether the last page leads back to where participants came from: looked for in rehearsals, never followed.

Programs are sent by no platform, so each gets an identity such as the platform would have told.
"""

from bs4 import BeautifulSoup

from ..models import PlatformIdentity
from ..recruitment import Outcome, WayBack, mturk

ENDS = {Outcome.COMPLETE: "complete and kept", Outcome.FAILED_CHECKS: "left out for failed attention checks"}


class NoWayBack(Exception):
    """A last page does not lead where the platform wants people; the message says whose and how."""


def identify(participation):
    """Stores who a simulated participant of a rehearsal would be to a platform that is a site of its own."""
    study = participation.study
    if study.recruitment.IS_A_SITE:
        PlatformIdentity.objects.get_or_create(
            participation=participation, defaults={"study": study, **_identity(study, participation.code)}
        )


def _identity(study, person):
    return {
        "platform": study.platform,
        "person": f"rehearsal-{person}",
        "submission": f"rehearsal-{person}",
        "return_to": mturk.SITES[1] if study.is_framed else "",
    }


def check(participation, html):
    """Raises NoWayBack unless `html`, the last page of who has ended, offers the way back."""
    wanted, offered = participation.way_back(), offered_in(html)
    if not wanted.url and not wanted.code:
        wanted = WayBack(code=participation.completion_code)
    if offered != wanted:
        raise NoWayBack(
            f"The last page of {participation.code}, who is {ENDS[participation.outcome]}, should lead back "
            f"by {said(wanted)}; it offers {said(offered)}."
        )


def offered_in(html):
    """The WayBack that a last page offers."""
    page = BeautifulSoup(html, "html.parser").main
    form, link = page.select_one("form[action^=http]"), page.select_one("a.button[href^=http]")
    code = page.select_one(".code")
    fields = {field["name"]: field["value"] for field in form.select("input")} if form else {}
    url = form["action"] if form else link["href"] if link else ""
    return WayBack(url, code.get_text(strip=True) if code else "", fields)


def said(way):
    """A WayBack in words."""
    parts = [way.url] if way.url else []
    parts += [f"the code {way.code}"] if way.code else []
    return " and ".join(parts) or "nothing"


def summary(study):
    """Of each outcome with which somebody ended: how many, and the way back, in words."""
    for outcome, kept in ((Outcome.COMPLETE, True), (Outcome.FAILED_CHECKS, False)):
        ended = study.participations.filter(status__in=["complete", "failed"], kept=kept)
        people = ended.count()
        if people:
            identity = PlatformIdentity(**_identity(study, "PERSON")) if study.recruitment.IS_A_SITE else None
            way = study.recruitment.way_back(study, identity, outcome)
            yield ENDS[outcome], people, said(way) if way.url or way.code else "a code of their own"
