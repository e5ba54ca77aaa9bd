"""How numbers are set on pages."""

import re

from django import template

register = template.Library()

# 56.1 %, p < 0.001: a digit before the sign keeps the texts of style sheets and addresses as they are.
_PERCENT = re.compile(r"(?<=\d) %")
_BOUND = re.compile(r"\bp (&lt;|&gt;|=) (?=\d)")


@register.filter(is_safe=True)
def unbroken(html):
    """HTML in which a number stays on one line with its percent sign, and p with its number.

    `{% filter unbroken %}` goes around a whole block. Files keep their plain spaces: no form and no
    command to copy may stand in it.
    """
    space = "\N{NO-BREAK SPACE}"
    return _BOUND.sub(rf"p{space}\1{space}", _PERCENT.sub(f"{space}%", html))
