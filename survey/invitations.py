"""Signed parts of links: the id of a participation not begun yet, a person invited, the mark of a program."""

from django.core import signing
from django.urls import reverse

from .models.studies import new_token
from .recruitment.invitation import new_ticket

FRAMED = "frame-"  # begins the public id of who takes part in a platform's frame

_simulations = signing.Signer(salt="simulation")


def new_invitation(study):
    """A signed new public id. Who sends it back begins that one participation, however often it arrives."""
    return _invitations(study).sign((FRAMED if study.is_framed else "") + new_token())


def invited_id(invitation, study):
    """The public id in an invitation, None if it was not made here for this study."""
    try:
        return _invitations(study).unsign(invitation)
    except signing.BadSignature:
        return None


def personal_path(study):
    """A path at which one person takes part, once."""
    return f"{reverse('participant:welcome', args=[study.slug])}?ticket={new_ticket(study.slug)}"


def simulation_path(study):
    """The path at which a program takes part in `study`, and is marked as simulated."""
    welcome = reverse("participant:welcome", args=[study.slug])
    return f"{welcome}?simulation={_simulations.sign(study.slug)}"


def is_simulation(signature, study):
    try:
        return _simulations.unsign(signature) == study.slug
    except signing.BadSignature:
        return False


def _invitations(study):
    return signing.Signer(salt=f"invitation-{study.slug}")
