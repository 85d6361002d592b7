"""What a monitor asks: is it well?"""

from typing import Any

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core import work
from apps.core.work import Lane
from apps.operations import engine, sentinel, watch


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 or 503 with the figures behind it. Not a reason to take the web process out of service: it can store texts as long as
    the database answers, whatever else is late.
    """
    try:
        figures = _figures()
    except DatabaseTrouble:
        return JsonResponse({"status": "down", "database": "down"}, status=503)
    is_well = figures.pop("is_well")
    answer = {"status": "ok" if is_well else "late", "database": "ok", **figures}
    return JsonResponse(answer, status=200 if is_well else 503)


def _figures() -> dict[str, Any]:
    ages = {lane.label: round(engine.backlog(lane).age_seconds, 1) for lane in Lane}
    age = sentinel.age_seconds()
    limit = work.seconds(watch.OVERDUE_LIMIT[Lane.SAFETY]).total_seconds()
    return {
        "is_well": ages[Lane.SAFETY.label] <= limit and age is not None and age <= sentinel.limit_seconds(),
        "oldest_overdue_seconds": ages,
        "sentinel_age_seconds": None if age is None else round(age, 1),
    }
