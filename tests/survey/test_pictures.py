"""Pictures answered from memory, ahead of Django."""

import pytest

from survey.pictures import MOST, Pictures


class Site:
    """A WSGI application that counts what it was asked, and answers with its number."""

    def __init__(self, status="200 OK", headers=(("Content-Type", "image/png"),)):
        self.asked, self.status, self.headers = 0, status, list(headers)

    def __call__(self, environ, start_response):
        self.asked += 1
        start_response(self.status, self.headers)
        return [b"picture ", str(self.asked).encode()]


def get(application, path, **environ):
    """Status, headers and body of a GET of `path`."""
    begun = []
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.url_scheme": "http", **environ}
    body = b"".join(application(asked, lambda status, headers: begun.append((status, headers))))
    return *begun[0], body


def test_a_picture_is_asked_of_the_site_once():
    site = Site()
    pictures = Pictures(site)
    assert get(pictures, "/pictures/a.png") == get(pictures, "/pictures/a.png")
    assert site.asked == 1


@pytest.mark.parametrize(
    "environ",
    [
        {"PATH_INFO": "/p/a/1/"},
        {"PATH_INFO": "/pictures/a.png/more"},
        {"REQUEST_METHOD": "HEAD"},
        {"REQUEST_METHOD": "POST"},
        {"QUERY_STRING": "a=1"},
    ],
)
def test_all_else_goes_to_the_site(environ):
    site = Site()
    pictures = Pictures(site)
    for _ in range(2):
        get(pictures, "/pictures/a.png", **environ)
    assert site.asked == 2


@pytest.mark.parametrize("name", ["HTTP_HOST", "HTTP_X_FORWARDED_PROTO"])
def test_another_host_or_scheme_is_another_question(name):
    site = Site()
    pictures = Pictures(site)
    get(pictures, "/pictures/a.png", **{name: "one"})
    get(pictures, "/pictures/a.png", **{name: "two"})
    assert site.asked == 2


@pytest.mark.parametrize("site", [Site("404 Not Found"), Site(headers=[("Set-Cookie", "a=1")])])
def test_only_pictures_for_everybody_are_remembered(site):
    pictures = Pictures(site)
    get(pictures, "/pictures/a.png")
    get(pictures, "/pictures/a.png")
    assert site.asked == 2


def test_memory_has_a_bound():
    pictures = Pictures(Site())
    for number in range(MOST + 10):
        get(pictures, f"/pictures/{number}.png")
    assert len(pictures.answers) == MOST
