"""How gunicorn serves the site: `gunicorn --config survey/gunicorn_settings.py survey.wsgi`.

Threads wait for the database, processes use the cores; a stopping worker finishes what it has begun.
"""

import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", os.cpu_count() or 2))
threads = 8
worker_class = "survey.picture_worker.PictureWorker"
keepalive = 30  # seconds; the proxy in front, or the browser, answers question after question
timeout = 30
graceful_timeout = 30
accesslog = None  # it would hold network addresses
logger_class = "survey.logs.GunicornLog"
control_socket_disable = True
