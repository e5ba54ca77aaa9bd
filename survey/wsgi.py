"""The WSGI application, for gunicorn: `gunicorn survey.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from .pictures import Pictures

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "survey.settings")
application = Pictures(get_wsgi_application())
