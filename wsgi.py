"""What gunicorn and Celery import: ``wsgi:app`` and ``wsgi:celery``."""

import atexit
import gc
import sys

from celery import Celery

from config import settings_from_environment
from prevention.app import create_app
from prevention.extensions import disconnect
from prevention.settings import SettingsProblem

try:
    _settings = settings_from_environment()
except SettingsProblem as problem:
    sys.exit(str(problem))

app = create_app(_settings)
atexit.register(disconnect, app)
celery: Celery = app.extensions["celery"]

# What was made while starting stays until the end: the garbage collector need not go through it again and again, which
# takes a tenth of a second in the middle of somebody's page.
gc.collect()
gc.freeze()
