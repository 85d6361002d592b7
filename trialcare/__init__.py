"""trialcare: the top floor. Nobody imports it."""

from trialcare.celery import app as celery_app

__all__ = ["celery_app"]
