"""SONA Systems: it puts its %SURVEY_CODE% into the link as `id`; credit is granted by opening an address.

https://www.sona-systems.com/researcher/external-study-credit-granting/
"""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .arrivals import ANSWERED, Arrival, WayBack, told

TITLE = "SONA"
IS_A_SITE = True
ADVICE = (
    "On SONA, add ?id=%SURVEY_CODE% to the participant link (Study URL), and copy its client-side completion "
    "URL into the return address here."
)


def arrival(query, slug):
    return Arrival(told(query, "id", TITLE))


def way_back(study, identity, outcome):
    """The credit address with this person's code; who did not answer the study gets no credit by it."""
    if identity is None or outcome not in ANSWERED:
        return WayBack()
    address = urlsplit(study.return_url)
    query = dict(parse_qsl(address.query)) | {"survey_code": identity.person}
    return WayBack(url=urlunsplit(address._replace(query=urlencode(query))))


def faults(study):
    address = urlsplit(study.return_url)
    query = dict(parse_qsl(address.query))
    if address.path.endswith("/webstudy_credit.aspx") and {"experiment_id", "credit_token"} <= set(query):
        return {}
    return {
        "return_url": "Copy SONA's client-side completion URL here; it looks like https://SCHOOL.sona-systems.com/"
        "webstudy_credit.aspx?experiment_id=1&credit_token=abc&survey_code=XXXX"
    }
