"""A page rendered once, with holes for what differs each time it is sent.

Of the page of a question only a heading, two numbers, addresses and two tokens differ; rendering its template
anew for each took a third of a turn's time. The template stays the one place that says how a page looks.
"""

import re
import secrets

from django.utils.html import escape

_MARK = f"hole-{secrets.token_hex(8)}-"  # nothing that anybody wrote contains it


class Stencil:
    def __init__(self, render, names):
        """`render` turns a dict of these names into a page; it is called once, with marks for values."""
        page = render({name: f"{_MARK}{name}-" for name in names})
        parts = re.split(f"{_MARK}(.*?)-", page)
        self._fixed, self._holes = parts[::2], parts[1::2]

    def fill(self, values):
        """The page with these values, escaped as a template does, in the holes."""
        escaped = {name: escape(value) for name, value in values.items()}
        page = [self._fixed[0]]
        for name, fixed in zip(self._holes, self._fixed[1:], strict=True):
            page += (escaped[name], fixed)
        return "".join(page)
