"""What may stand in the addresses of the site, besides what Django knows."""

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter


class TokenConverter(StringConverter):
    """An unguessable id of ours; anything else, a NUL above all, never reaches the database."""

    regex = "[0-9A-Za-z_-]{1,32}"


class PositionConverter(IntConverter):
    regex = "[0-9]{1,4}"


class EarlierConverter(IntConverter):
    """A position below 0, written as how far below: of practice questions before the last."""

    regex = "[1-9]"

    def to_python(self, value):
        return -super().to_python(value)

    def to_url(self, value):
        return super().to_url(-value)


register_converter(TokenConverter, "token")
register_converter(PositionConverter, "position")
register_converter(EarlierConverter, "earlier")
