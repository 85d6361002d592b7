"""People's own words as a page may show them, and what paging calls things: whom a step reaches, by which channel, what went wrong."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.core import arm_words
from apps.escalation.vocabulary import BY_NAME, Duty
from apps.staff.vocabulary import Role

# A channel is one file of a lower floor; one that has no name here yet shows the name of its file.
CHANNELS: Mapping[str, Any] = {
    "sms": _("text message"), "email": _("e-mail"), "console": _("workplace"), "voice": _("phone call"),
    "aliyun_voice": _("phone call"), "wecom": _("WeCom"), "dingtalk": _("DingTalk"), "webhook": _("the site's pager"),
}  # fmt: skip
# A duty before a role of the same word: a chain speaks of who is on duty.
WHO: Mapping[str, Any] = {
    **{role.value: role.label for role in Role},
    **{duty.value: duty.label for duty in Duty},
    "sub_investigator": Role.INVESTIGATOR.label,
    "sponsor_monitor": _("Sponsor medical monitor"),
    "drill": _("drill"),
    BY_NAME: _("named in the hand-over"),
}
# What the person of a step is asked to do besides taking the page.
TASKS: Mapping[str, Any] = {
    "call_participant_then_caregiver": _("call the participant, then the caregiver"),
    "decide_welfare_check": _("decide whether somebody goes and looks"),
}
HOURS: Mapping[str, Any] = {
    "always": _("At any hour."),
    "night_page": _("At night only what may not wait; the rest from the morning's list on."),
    "working": _("Minutes of working hours; it wakes nobody."),
}
LEVELS: Mapping[str, Any] = {
    "R1": _("emergency"), "R2": _("urgent"), "R3": _("same day"), "unmatched": _("Texts of unknown numbers"),
}  # fmt: skip
# Why a page was not handed over, as far as a site can do something about it; any other code stands as it is.
ERRORS: Mapping[str, Any] = {
    "no_connection": _("no connection to the provider"), "timeout": _("the provider did not answer in time"),
    "http_401": _("the key or the secret is refused"), "http_403": _("the key or the secret is refused"),
    "http_404": _("there is nothing at this address"),
}  # fmt: skip
_IN_DETAILS: Mapping[str, Any] = {**WHO, **CHANNELS, "now": _("now")}


def shown(text: str) -> str:
    """What somebody wrote, whoever it was, as every page shows it: what may tell an allocation is masked (decision 38).

    There is no reader to ask for: no role of this product may know an arm. The stored text stays as it came.
    """
    return arm_words.masked(str(text or ""))


def is_masked(text: str) -> bool:
    """Whether `shown` has hidden something of a text."""
    return arm_words.MASK in text


def why_masked() -> str:
    """The note beside it, for people."""
    return _now("masked: may tell the allocation")


def channel_name(channel: str) -> str:
    """A paging channel in words."""
    return str(CHANNELS.get(channel, channel))


def whom(word: str) -> str:
    """A protocol's word for whom a step reaches; an unknown one stays as it is."""
    return str(WHO.get(word, word))


def detail(text: str) -> str:
    """What an incident is about: roles and channels in words, times and levels as they are."""
    return " ".join(str(_IN_DETAILS.get(word, word)) for word in text.split())


def listed(names: Iterable[str]) -> str:
    """Names one after the other, as the page's language parts them."""
    return _now(", ").join(names)
