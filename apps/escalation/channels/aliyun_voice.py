"""A call in mainland China by Alibaba Cloud: an approved text is spoken, keys are reported when the call has ended.

Sources: help.aliyun.com/document_detail/393521.html (IvrCall), …/zh/vms/voicereport-6 (VoiceReport), and the signature of version 3,
help.aliyun.com/document_detail/2712195.html. The number stands in the query string, so no address is ever logged.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote, urlsplit
from uuid import UUID

from django.conf import settings

from apps.core import clock, phone
from apps.escalation import http
from apps.escalation.channel import Channel, ChannelError, Handed
from apps.escalation.models import Page
from apps.escalation.texts import spelled
from apps.escalation.vocabulary import PageState
from apps.messaging.gateway import storable
from apps.messaging.gateways.twilio import base_url_problems
from apps.staff.models import User

_HOST = "https://dyvmsapi.aliyuncs.com"
_ALGORITHM = "ACS3-HMAC-SHA256"
_NEEDED = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SHOW_NUMBER", "TTS_CODE", "CALLBACK_TOKEN")
_OUT_ID = re.compile(r"[0-9a-f]{15}")
_PICKED_UP = frozenset({"200000", "200003", "200100"})  # executed; the keys, if any, stand in `dtmf`
_KEYS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


class AliyunVoiceChannel(Channel):
    name: ClassVar[str] = "aliyun_voice"
    carries: ClassVar[str] = "voice"
    wakes: ClassVar[bool] = True
    confirms: ClassVar[bool] = True
    is_by_number: ClassVar[bool] = True

    @classmethod
    def problems(cls) -> list[str]:
        values: Mapping[str, str] = settings.ALIYUN_VOICE
        if not any(values.values()):
            return []
        found = [f"ALIYUN_VOICE_{name} is not set" for name in _NEEDED if not values.get(name)]
        if 0 < len(values.get("CALLBACK_TOKEN", "")) < 32:
            found.append(
                "ALIYUN_VOICE_CALLBACK_TOKEN must have at least 32 characters: nothing else guards the callback"
            )
        addressed = base_url_problems(values.get("API_BASE_URL", ""))
        return [*found, *(problem.replace("TWILIO", "ALIYUN_VOICE") for problem in addressed)]

    def reaches(self, person: User) -> bool:
        if not settings.ALIYUN_VOICE.get("ACCESS_KEY_ID") or self.problems():
            return False
        number = phone.normalise(person.phone) if person.phone else None
        return number is not None and number.country == "CN"

    def hand_over(self, page: Page) -> Handed:
        number = phone.normalise(page.person.phone)
        if number is None or not self.reaches(page.person):
            raise ChannelError("no_mobile", permanent=True)
        answer = _asked(_ivr_call(page, number.e164.removeprefix("+86")))
        if answer.get("Code") != "OK":
            code = str(answer.get("Code"))[:40]
            raise ChannelError(code, permanent="LIMIT_CONTROL" not in code and "Throttling" not in code)
        return Handed(accepted=True, provider_id=str(answer.get("CallId", ""))[:80])


def out_id(page: Page) -> str:
    """What the report brings back: at most 15 bytes are allowed."""
    return page.pk.hex[:15]


def _ivr_call(page: Page, mobile: str) -> dict[str, str]:
    """Every digit is a key of the menu, so that the report holds the PIN as it was pressed; each plays the closing text."""
    values = settings.ALIYUN_VOICE
    said = json.dumps({"ref": spelled(page.escalation.ref)}, ensure_ascii=False)
    bye = values["BYE_CODE"] or values["TTS_CODE"]
    menu = {
        f"MenuKeyMap.{place}.{name}": value
        for place, key in enumerate(_KEYS, start=1)
        for name, value in (("Key", key), ("Code", bye), ("TtsParams", said))
    }
    return {
        "CalledShowNumber": values["SHOW_NUMBER"],
        "CalledNumber": mobile,
        "StartCode": values["TTS_CODE"],
        "StartTtsParams": said,
        "ByeCode": bye,
        "ByeTtsParams": said,
        "PlayTimes": "3",
        "Timeout": "8000",
        "OutId": out_id(page),
        **menu,
    }


def _asked(query: Mapping[str, str]) -> dict[str, object]:
    base = (settings.ALIYUN_VOICE["API_BASE_URL"] or _HOST).rstrip("/")
    encoded = "&".join(f"{_encoded(name)}={_encoded(query[name])}" for name in sorted(query))
    headers = signed_headers(host=urlsplit(base).netloc, query=encoded, action="IvrCall")
    answer = http.post(f"{base}/?{encoded}", body=b"", headers=headers)
    if answer.status_code == 400:
        raise ChannelError(str(_code_of(answer.text))[:40], permanent=True)
    return http.json_of(answer)


def _code_of(body: str) -> object:
    try:
        found = json.loads(body)
    except ValueError:
        return "http_400"
    return found.get("Code", "http_400") if isinstance(found, dict) else "http_400"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def signed_headers(*, host: str, query: str, action: str) -> dict[str, str]:
    """The headers of one request with an empty body, signed by the access key."""
    values, empty = settings.ALIYUN_VOICE, hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": empty,
        "x-acs-date": f"{clock.machine():%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-version": "2017-05-25",
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{empty}"
    to_sign = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(values["ACCESS_KEY_SECRET"].encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    given = f"{_ALGORITHM} Credential={values['ACCESS_KEY_ID']},SignedHeaders={names},Signature={signature}"
    return headers | {"Authorization": given}


# --- what is reported


def is_callback_token(given: str) -> bool:
    """The secret in the callback's address: the provider signs nothing."""
    kept = str(settings.ALIYUN_VOICE.get("CALLBACK_TOKEN", ""))
    return bool(kept) and hmac.compare_digest(kept.encode(), given.encode())


def said(report: Mapping[str, object], name: str) -> str:
    """One value of a report as a text that every database takes: a strange one must not keep the others from being read."""
    return storable(str(report.get(name, "")))


def page_of(report: Mapping[str, object]) -> Page | None:
    """The page that one report is about, by the call's id and our own; None for anything else."""
    call, ours = said(report, "call_id"), said(report, "out_id")
    if not call or not _OUT_ID.fullmatch(ours):
        return None
    first, last = (UUID(ours + filled * 17) for filled in "0f")
    # The id of the call is not stored yet where the report overtakes the answer to our own request.
    found = Page.objects.filter(
        pk__gte=first, pk__lte=last, channel=AliyunVoiceChannel.name, provider_id__in=[call, ""]
    )
    return found.select_related("escalation__site", "person").first()


def state_of(report: Mapping[str, object]) -> PageState:
    """Delivered where the call was picked up, by anybody or anything; failed else."""
    was_up = said(report, "status_code") in _PICKED_UP and str(report.get("duration", "")) not in ("", "0")
    return PageState.DELIVERED if was_up else PageState.FAILED


def keys_of(report: Mapping[str, object]) -> str:
    """The digits that were pressed, in order."""
    return "".join(character for character in str(report.get("dtmf") or "") if character in _KEYS)
