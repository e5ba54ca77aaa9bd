"""Simulated participants, who take part over HTTP as a browser does, each marked as simulated.

They see what people see, but know from the database which method drew a picture, and prefer methods as the
people of the NormLIME paper's study did (arXiv:1909.04200, section 4): shares from its totals, participants
differing around them.
"""

import random
from concurrent.futures import ThreadPoolExecutor, as_completed
from urllib.parse import urljoin, urlsplit

import mechanicalsoup
import requests

from ..invitations import simulation_path
from ..models import Option

PAPER_VOTES = {"normlime": 939, "lime": 438, "vargrad": 151, "smoothgrad": 132}
CONCENTRATION = 26  # of the Dirichlet distribution of participants' shares; fits the paper's F and totals
P_CARELESS = 0.06  # clicks anywhere, also in attention checks
P_ATTENTIVE_PASSES = 0.97
TIMEOUT = 30  # seconds for one page
MAX_STEPS = 500  # pages; a survey that goes on longer is going in circles


class SimulationFailed(Exception):
    """A simulated participant could not finish; the message names the address and what came back."""


def simulate(study, site, n, *, seed=0, workers=4):
    """Lets `n` simulated participants answer `study` on the running `site`, such as "http://127.0.0.1:8000".

    Yields the address of each one's last page as it ends. Raises SimulationFailed when one cannot go on.
    """
    link = urljoin(site, simulation_path(study))
    options = Option.objects.filter(question__study=study).select_related("question", "class_map__method")
    known = {option.get_absolute_url(): option for option in options}
    with ThreadPoolExecutor(workers) as pool:
        runs = [
            pool.submit(_take_part, link, known, random.Random(f"{seed}/{number}")) for number in range(n)
        ]
        try:
            for run in as_completed(runs):
                yield run.result()
        finally:
            for run in runs:
                run.cancel()


def _take_part(link, known, rng):
    """One participation from the first page to the last, whose address it returns."""
    chooser = _Chooser(known, rng)
    try:
        with mechanicalsoup.StatefulBrowser(soup_config={"features": "html.parser"}) as browser:
            browser.session.hooks["response"].append(_refuse_errors)
            browser.open(link, timeout=TIMEOUT)
            for _ in range(MAX_STEPS):
                if urlsplit(browser.url).path.endswith("/thanks/"):
                    return browser.url
                _step(browser, chooser)
    except requests.RequestException as error:
        raise SimulationFailed(f"{link}: {error}") from error
    raise SimulationFailed(f"{link}: no last page after {MAX_STEPS} pages; the last was {browser.url}")


def _refuse_errors(response, **_):
    response.content  # noqa: B018 (read to the end, or its connection is never given back)
    response.raise_for_status()


def _step(browser, chooser):
    form = browser.page.select_one("main form")
    if form is None:
        browser.follow_link(browser.page.select_one("main a.button"), requests_kwargs={"timeout": TIMEOUT})
        return
    selected = browser.select_form(form)
    for name in {radio["name"] for radio in form.select('input[type="radio"][value="yes"]')}:
        selected.set_radio({name: "yes"})  # screening: programs pass it
    pictures = [image["src"] for image in form.select("button img")]
    if pictures:
        number = chooser.choose(pictures)
        selected.choose_submit(form.select_one(f'button[value="{number}"]'))
    browser.submit_selected(timeout=TIMEOUT)


class _Chooser:
    """One simulated participant's taste and care."""

    def __init__(self, known, rng):
        self.known = known
        self.rng = rng
        self.is_careless = rng.random() < P_CARELESS
        total = sum(PAPER_VOTES.values())
        self.taste = {slug: rng.gammavariate(CONCENTRATION * n / total, 1) for slug, n in PAPER_VOTES.items()}

    def choose(self, pictures):
        """The place, from 1, of the chosen one of these picture addresses."""
        options = [self.known[address] for address in pictures]
        places = range(1, len(options) + 1)
        right = [place for place, option in zip(places, options, strict=True) if option.is_right]
        if right and not self.is_careless and self.rng.random() < P_ATTENTIVE_PASSES:
            return right[0]
        if right or self.is_careless:
            return self.rng.choice(places)
        weights = [self.taste.get(option.class_map.method.slug, 1) for option in options]
        return self.rng.choices(places, weights)[0]
