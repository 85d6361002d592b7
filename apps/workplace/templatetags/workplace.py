"""What the templates of the workplace ask for."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from apps.core import clock
from apps.workplace import words
from apps.workplace.conversation import Piece

register = template.Library()


@register.filter
def at(time: datetime | None) -> str:
    """Local date and time with its distance from UTC, so that nobody has to guess: "CST" is China's and Chicago's."""
    if time is None:
        return "–"
    local = timezone.localtime(time)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.isoformat()[-6:]}"


@register.filter
def minute(time: datetime | None) -> str:
    """Local date and time to the minute."""
    return f"{timezone.localtime(time):%Y-%m-%d %H:%M}" if time else "–"


@register.filter
def age(time: datetime | None) -> str:
    """How long ago, or how long still, in the largest unit."""
    if time is None:
        return "–"
    seconds = abs((clock.now() - time).total_seconds())
    if seconds < 3600:
        count = int(seconds // 60)
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    if seconds < 48 * 3600:
        count = int(seconds // 3600)
        return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}
    count = int(seconds // 86400)
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


@register.filter
def minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


@register.filter
def is_past(time: datetime | None) -> bool:
    return time is not None and time <= clock.now()


@register.filter
def offer(offers: dict[str, object], name: str) -> object:
    return offers.get(name)


@register.filter
def whom(word: str) -> str:
    """Whom a step of a chain reaches, in words."""
    return words.whom(word)


@register.filter
def about(text: str) -> str:
    """What an incident of the paging is about, in words."""
    return words.detail(text)


@register.filter
def shown(text: str) -> str:
    """Words that somebody wrote, as every page shows them; what was masked is named as such. No template may show them without it."""
    masked = words.shown(text)
    return format_html("{}{}", masked, _note()) if words.is_masked(masked) else masked


@register.filter
def note_of_mask(pieces: Iterable[Piece]) -> str:
    """The same note behind a text in pieces, which is masked before it is cut."""
    return _note() if any(words.is_masked(piece.text) for piece in pieces) else ""


def _note() -> SafeString:
    return format_html(' <span class="tc-quiet tc-small">({})</span>', words.why_masked())


@register.filter
def channels(names: list[str]) -> str:
    """Paging channels in words."""
    return words.listed(words.channel_name(name) for name in names)


@register.filter
def listed(names: list[str]) -> str:
    """Names one after the other."""
    return words.listed(names)
