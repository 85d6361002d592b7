"""`manage.py close_study`: which sites are closed, and every reason why another is not. It signs nothing: that is for two people."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from apps.conversations.closure import ClosureRefused, reasons_against, standing
from apps.trials.models import Site


class Command(BaseCommand):
    help = "End of the study: what still stands against closing each site. The signatures are given on the site's page."

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            lines = [line for site in Site.objects.order_by("code") for line in _open(site)]
        for line in lines:
            self.stdout.write(line)
        if lines:
            raise CommandError("the study is not closed")
        self.stdout.write("every site is closed")


def _open(site: Site) -> list[str]:
    row = standing(site)
    if row is not None and row.closed_at is not None:
        return []
    reasons = ClosureRefused(reasons_against(site)).lines()
    waiting = "the sponsor has not signed" if row else "the principal investigator has not signed"
    return [f"{site.code}: {line}" for line in [*reasons, waiting]]
