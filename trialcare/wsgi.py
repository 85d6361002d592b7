"""The web process's entry."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialcare.settings")
os.environ.setdefault("TRIALCARE_PROCESS", "web")
application = get_wsgi_application()
