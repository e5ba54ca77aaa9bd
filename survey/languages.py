"""In which language somebody is spoken to: the one that they chose, or that their browser asks for."""

from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header


def wanted_language(request, offered):
    """The code of the language to speak, one of `offered`, whose first stands in for all that are missing.

    A choice is `?language=de` in the address, so that it needs no cookie and no GET stores anything.
    """
    chosen = request.GET.get("language")
    if chosen in offered:
        return chosen
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            variant = get_supported_language_variant(code)  # zh-CN is zh-hans, de-AT is de
        except LookupError:
            continue
        if variant in offered:
            return variant
    return offered[0]
