"""Typography of numbers on pages."""

import re

from django import template

register = template.Library()

_TAG = re.compile(r"(<[^>]*>)")
# p = 1.00e-4, p &lt; .001, F(1.92, 40.22) = 80.40
_STATISTIC = re.compile(
    r"\b\w(?:&#x27;)?(?:\([\d., ]+\))? (?:=|&lt;|&gt;|≤) [\N{MINUS SIGN}-]?(?=[.\d])\d*(?:\.\d+)?(?:e-?\d+)?"
)


@register.filter(is_safe=True)
def unbroken(html):
    """HTML whose texts keep a statistic and its number on one line.

    `{% filter unbroken %}` encloses a whole block. Attributes stay as they are.
    """
    parts = _TAG.split(html)  # texts and tags in turn
    parts[::2] = map(_whole, parts[::2])
    return "".join(parts)


@register.filter
def in_points(share):
    """A share of the votes in percentage points: 0.05 as "5"."""
    return f"{float(share) * 100:g}"


def _whole(text):
    return _STATISTIC.sub(r'<span class="whole">\g<0></span>', text)
