"""Sessions, logins and messages: for studio and API. Participants have none, and don't wait for them."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware

STUDIO = ("/studio/", "/api/")


def _in_studio(middleware):
    def install(get_response):
        in_studio = middleware(get_response)

        def respond(request):
            return (in_studio if request.path_info.startswith(STUDIO) else get_response)(request)

        return respond

    return install


sessions = _in_studio(SessionMiddleware)
logins = _in_studio(AuthenticationMiddleware)
messages = _in_studio(MessageMiddleware)
