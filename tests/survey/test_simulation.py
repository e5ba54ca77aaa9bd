import random

import pytest
from django.core.management import CommandError, call_command

from survey.background.simulation import PAPER_VOTES, SimulationFailed, _Chooser, simulate
from survey.models import Option, Participation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def chosen_methods(explanation_set, n, **attributes):
    """What `n` choices of one simulated participant fall on, offered the four methods."""
    options = [
        Option(class_map=class_map) for class_map in explanation_set.class_maps.filter(label="3", replicate=1)
    ]
    known = {str(place): option for place, option in enumerate(options[:4])}
    chooser = _Chooser(known, random.Random(1))
    vars(chooser).update(attributes)
    return [options[chooser.choose(list(known)) - 1].class_map.method.slug for _ in range(n)]


def test_simulated_participants_complete_the_study_over_http(live_server, open_study):
    call_command("simulate", "digits", participants=4, url=live_server.url, workers=2)
    participations = Participation.objects.filter(simulated=True, status="complete")
    assert participations.count() == 4
    assert all(participation.plan.filter(answer=None).count() == 0 for participation in participations)


def test_simulated_participants_prefer_as_the_papers_people_did(explanation_set):
    methods = chosen_methods(explanation_set, 4000, is_careless=False, taste=PAPER_VOTES)
    # 939 of 1,660 votes were for NormLIME: 56.6%, with a standard error of 0.8 points here
    assert 0.53 < methods.count("normlime") / 4000 < 0.60


def test_a_careless_participant_clicks_anywhere(explanation_set):
    methods = chosen_methods(explanation_set, 4000, is_careless=True)
    assert all(900 < methods.count(slug) < 1100 for slug in PAPER_VOTES)


def test_an_unknown_study_is_refused_with_the_open_ones_named(open_study):
    with pytest.raises(CommandError, match=r"^There is no open study 'nothing'; open are: digits\.$"):
        call_command("simulate", "nothing")


def test_a_site_that_does_not_answer_is_named(open_study):
    with pytest.raises(
        CommandError, match=r"^http://127\.0\.0\.1:9 does not answer: is the site running there\?$"
    ):
        call_command("simulate", "digits", url="http://127.0.0.1:9")


def test_a_study_that_has_closed_meanwhile_stops_the_simulation(live_server, open_study):
    open_study.close()
    with pytest.raises(SimulationFailed, match="410 Client Error: Gone"):
        list(simulate(open_study, live_server.url, 1))
