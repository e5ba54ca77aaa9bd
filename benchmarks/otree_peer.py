"""The same survey in oTree 6.0.15, the tool that most laboratories use, served beside the site to compare.

oTree lives in a virtual environment of its own in the user's cache, made at the first run; the project does
not depend on it. One page a question, four pictures in an order drawn for each participant, one form.
"""

import json
import os
import secrets
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from servers import PEER, wait_for

VERSION = "6.0.15"
PLACE = Path.home() / ".cache" / "beholder" / f"otree-{VERSION}"
REST_KEY = secrets.token_hex(8)
PROJECT = {
    "settings.py": """
from os import environ
SESSION_CONFIGS = [dict(name="survey", app_sequence=["survey"], num_demo_participants=1)]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=1, participation_fee=0, doc="")
LANGUAGE_CODE, REAL_WORLD_CURRENCY_CODE, USE_POINTS = "en", "USD", True
ADMIN_USERNAME, ADMIN_PASSWORD = "admin", environ["OTREE_ADMIN_PASSWORD"]
DEMO_PAGE_INTRO_HTML, SECRET_KEY = "", environ["OTREE_SECRET_KEY"]
""",
    "_static/empty.css": "",
    "survey/__init__.py": """
import random
from otree.api import *
class C(BaseConstants):
    NAME_IN_URL, PLAYERS_PER_GROUP, NUM_ROUNDS = "survey", None, 26
class Subsession(BaseSubsession): pass
class Group(BaseGroup): pass
class Player(BasePlayer):
    shown = models.StringField()
    chosen = models.StringField(choices=list("1234"), widget=widgets.RadioSelect)
def creating_session(subsession):
    for player in subsession.get_players():
        player.shown = "".join(random.sample("1234", 4))
class Ask(Page):
    form_model, form_fields = "player", ["chosen"]
    @staticmethod
    def vars_for_template(player):
        return dict(order=player.shown, n=player.round_number)
class End(Page):
    @staticmethod
    def is_displayed(player):
        return player.round_number == C.NUM_ROUNDS
page_sequence = [Ask, End]
""",
    "survey/Ask.html": """
{{ block title }}{{ n }} of 26{{ endblock }}
{{ block content }}
<p>Which picture best highlights the digit {{ n }}?</p>
{{ for option in order }}<label>
<img src="/pictures/{{ n }}-{{ option }}.png" width="168" height="168" alt="Picture">
<input type="radio" name="chosen" value="{{ option }}" required></label>{{ endfor }}
{{ next_button }}
{{ endblock }}
""",
    "survey/End.html": """
{{ block content }}<p>Your completion code: {{ participant.code }}</p>{{ endblock }}
""",
}


def install():
    """The path of oTree's own command, installed if it is not yet."""
    command = PLACE / "bin" / "otree"
    if not command.exists():
        print(f"Installing oTree {VERSION} into {PLACE}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PLACE)], check=True)
        pip = [str(PLACE / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, f"otree=={VERSION}", "psycopg2-binary"], check=True)
    return command


@contextmanager
def otree(database_url, folder, participants):
    """Serves the survey until the block ends; yields the process and the address at which to take part."""
    command, project = install(), folder / "otree"
    for name, text in PROJECT.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text.lstrip())
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "OTREE_PRODUCTION": "1",
        "OTREE_AUTH_LEVEL": "STUDY",
        "OTREE_ADMIN_PASSWORD": secrets.token_hex(8),
        "OTREE_SECRET_KEY": secrets.token_hex(16),
        "OTREE_REST_KEY": REST_KEY,
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
    }
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(
        [command, "resetdb"], input="y\n", text=True, cwd=project, env=environment, check=True, **quiet
    )
    serve = [command, "prodserver", urlsplit(PEER).netloc]
    server = subprocess.Popen(serve, cwd=project, env=environment, **quiet)
    try:
        wait_for(PEER, seconds=90)
        yield server, _session(participants)
    finally:
        server.terminate()
        server.wait(20)


def _session(participants):
    """The address of a new session with places for so many participants."""
    request = urllib.request.Request(
        f"{PEER}/api/sessions",
        data=json.dumps({"session_config_name": "survey", "num_participants": participants}).encode(),
        headers={"otree-rest-key": REST_KEY, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        address = json.load(response)["session_wide_url"]
    return f"{PEER}/join/{address.rstrip('/').rpartition('/')[2]}"
