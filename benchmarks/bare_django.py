"""The least that Django can do for a survey of one question a page: the floor of the measurements.

No ORM, no session, no study: a locked read, an insert, an update, a redirect, a template; with CSRF.
"""

import os
import random
import secrets

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

QUESTIONS = 26
PAGE = """<!doctype html><html lang="en"><head><title>{{ n }}</title></head><body><!-- PADDING -->
<form method="post">{% csrf_token %}<h1>Which picture best highlights the digit {{ n }}?</h1>
{% for option in order %}<button name="choice" value="{{ option }}">
<img src="/pictures/{{ n }}-{{ option }}.png" alt="Picture {{ forloop.counter }}"></button>{% endfor %}
</form></body></html>""".replace("PADDING", "x" * 2000)

settings.configure(
    SECRET_KEY="only for measurements on this machine",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "floor",
            "USER": os.environ.get("FLOOR_USER", "postgres"),
            "HOST": os.environ.get("FLOOR_HOST", ""),
            "PORT": os.environ.get("FLOOR_PORT", ""),
            "CONN_MAX_AGE": None,
        }
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [("django.template.loaders.locmem.Loader", {"question.html": PAGE})],
                    )
                ]
            },
        }
    ],
)
django.setup()


def create_tables():
    with connection.cursor() as cursor:
        cursor.execute("create table person (code text primary key, step int not null, seed int not null)")
        cursor.execute(
            "create table answer (code text, step int, choice text, at timestamptz default now(), "
            "unique (code, step))"
        )


def start(request):
    code = secrets.token_hex(8)
    with connection.cursor() as cursor:
        cursor.execute("insert into person values (%s, 1, %s)", [code, secrets.randbelow(1 << 30)])
    return HttpResponseRedirect(f"/p/{code}/1")


def question(request, code, n):
    with transaction.atomic(), connection.cursor() as cursor:
        lock = " for update" if request.method == "POST" else ""
        cursor.execute("select step, seed from person where code = %s" + lock, [code])
        step, seed = cursor.fetchone()
        if n == step and request.method == "POST":
            if request.POST.get("choice") not in "1234":
                return HttpResponseBadRequest("Choose one.")
            cursor.execute(
                "insert into answer (code, step, choice) values (%s, %s, %s)",
                [code, n, request.POST["choice"]],
            )
            cursor.execute("update person set step = %s where code = %s", [n + 1, code])
            return HttpResponseRedirect(f"/p/{code}/{n + 1}")
    if n != step:
        return HttpResponseRedirect(f"/p/{code}/{step}")
    if n > QUESTIONS:
        return HttpResponse("completion code")
    return render(request, "question.html", {"n": n, "order": random.Random(seed * 31 + n).sample("1234", 4)})


urlpatterns = [path("start", start), path("p/<str:code>/<int:n>", question)]
application = get_wsgi_application()
