"""Signed parts of links: the id of a participation not begun yet, and the mark of a simulated one."""

from django.core import signing
from django.urls import reverse

from .models.studies import new_token

_invitations = signing.Signer(salt="invitation")
_simulations = signing.Signer(salt="simulation")


def new_invitation():
    """A signed new public id. Who sends it back begins that one participation, however often it arrives."""
    return _invitations.sign(new_token())


def invited_id(invitation):
    """The public id in an invitation, None if it was not made here."""
    try:
        return _invitations.unsign(invitation)
    except signing.BadSignature:
        return None


def simulation_path(study):
    """The path at which a program takes part in `study`, and is marked as simulated."""
    welcome = reverse("participant:welcome", args=[study.slug])
    return f"{welcome}?simulation={_simulations.sign(study.slug)}"


def is_simulation(signature, study):
    try:
        return _simulations.unsign(signature) == study.slug
    except signing.BadSignature:
        return False
