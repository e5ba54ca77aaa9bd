"""Typography of numbers on pages."""

import re

from django import template

from ..exporting import keep_statistics_whole

register = template.Library()

_TAG = re.compile(r"(<[^>]*>)")


@register.filter(is_safe=True)
def unbroken(html):
    """HTML whose texts keep a statistic and its number on one line.

    `{% filter unbroken %}` encloses a whole block. Attributes stay as they are.
    """
    parts = _TAG.split(html)  # texts and tags in turn
    parts[::2] = map(keep_statistics_whole, parts[::2])
    return "".join(parts)


@register.filter
def in_points(share):
    """A share of the votes in percentage points: 0.05 as "5"."""
    return f"{float(share) * 100:g}"
