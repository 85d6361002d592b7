"""The provider's side of the stand-in: its message log, its faults, its file of accepted texts."""

import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.fakes.twilio_callbacks import CallbackPlan, Callbacks, Poster, new_sid, sign
from tests.fakes.twilio_faults import REFUSED_NUMBERS, Fault

ACCOUNT_SID = "AC" + "1" * 32
AUTH_TOKEN = "stand-in-token"
NUMBER = "+15005550006"
VERSION = "2010-04-01"


class Exchange:
    """The provider's side: its message log, its faults, its file of accepted texts."""

    def __init__(
        self, *, account_sid: str, auth_token: str, log: Path | None, post: Poster, plan: CallbackPlan
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.logins = {(account_sid, auth_token)}
        self.messages: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []  # method and path of every call, whatever became of it
        self.calls: list[
            tuple[float, str]
        ] = []  # monotonic time and receiver of every request to send, accepted or not
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.refused_numbers = dict(REFUSED_NUMBERS)
        self.hides_new = False  # a fresh text does not stand in the list yet
        self.checks_description = False
        self.thinks_for = 0.0  # seconds between accepting a text and answering
        self.callbacks = Callbacks(account_sid=account_sid, token=auth_token, post=post, plan=plan)
        self.lock = threading.Lock()
        self._log = log

    def fault_for(self, *, kind: str, to: str) -> Fault | None:
        with self.lock:
            return next((fault for fault in self.faults if fault.strikes(kind=kind, to=to)), None)

    def take(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Accept a text: stored, written to the file, callbacks on their way."""
        message = self._message(
            to=form["To"], from_=form.get("From"), body=form.get("Body", ""), service=form.get("MessagingServiceSid")
        )
        with self.lock:
            self.messages.append(message)
            self._write(message, form.get("StatusCallback", ""))
        self.callbacks.accepted(message, form.get("StatusCallback", ""))
        return dict(message)

    def arrived(self, *, from_: str, body: str, to: str = NUMBER, media: int = 0) -> dict[str, Any]:
        """Somebody texted our number: it stands in the log, whether or not the webhook hears of it."""
        message = self._message(to=to, from_=from_, body=body, service=None)
        message |= {"direction": "inbound", "status": "received", "num_media": str(media)}
        with self.lock:
            self.messages.append(message)
        return message

    def _message(self, *, to: str, from_: str | None, body: str, service: str | None) -> dict[str, Any]:
        sid, now = new_sid(), format_datetime(datetime.now(UTC))
        return {
            "account_sid": self.account_sid,
            "api_version": VERSION,
            "body": body,
            "date_created": now,
            "date_sent": None,
            "date_updated": now,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": from_,
            "messaging_service_sid": service,
            "num_media": "0",
            "num_segments": "0" if service else "1",
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "accepted" if service else "queued",
            "subresource_uris": {"media": f"/{VERSION}/Accounts/{self.account_sid}/Messages/{sid}/Media.json"},
            "to": to,
            "uri": f"/{VERSION}/Accounts/{self.account_sid}/Messages/{sid}.json",
        }

    def _write(self, message: Mapping[str, Any], callback: str) -> None:
        if self._log is None:
            return
        line = {name: message[name] for name in ("sid", "to", "from", "body", "date_created")} | {
            "status_callback": callback
        }
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def listed(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Newest first, filtered as the API filters, one page."""
        with self.lock:
            rows = [row for row in reversed(self.messages) if _matches(row, query)]
        if self.hides_new:
            rows = [row for row in rows if row["direction"] == "inbound"]
        size = min(max(int(query.get("PageSize", "50")), 1), 1000)
        page = int(query.get("Page", "0"))
        part = rows[page * size : (page + 1) * size]
        here = f"/{VERSION}/Accounts/{self.account_sid}/Messages.json"
        more = {
            **query,
            "PageSize": str(size),
            "Page": str(page + 1),
            "PageToken": f"PA{part[-1]['sid']}" if part else "",
        }
        return {
            "messages": part,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(part) - 1, 0),
            "first_page_uri": f"{here}?{urlencode({**query, 'PageSize': size, 'Page': 0})}",
            "next_page_uri": f"{here}?{urlencode(more)}" if (page + 1) * size < len(rows) else None,
            "previous_page_uri": None,
            "uri": here,
        }


def _matches(row: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    if any(name in query and query[name] != row[field] for name, field in (("To", "to"), ("From", "from"))):
        return False
    days = {name: query[name][:10] for name in ("DateSent", "DateSent<", "DateSent>") if name in query}
    if not days:
        return True
    if row["date_sent"] is None:
        return False
    sent = datetime.strptime(row["date_sent"], "%a, %d %b %Y %H:%M:%S %z").date().isoformat()
    return (
        days.get("DateSent", sent) == sent
        and days.get("DateSent>", sent) <= sent
        and days.get("DateSent<", sent) >= sent
    )


def text(
    exchange: Exchange,
    *,
    url: str,
    from_: str,
    body: str,
    to: str = NUMBER,
    lose: bool = False,
    times: int = 1,
    **extra: str,
) -> dict[str, Any]:
    """Somebody texts: it stands in the provider's log, and is posted, signed, to the webhook `url` (unless that call is lost)."""
    message = exchange.arrived(from_=from_, body=body, to=to)
    form = inbound_form(exchange.account_sid, sid=message["sid"], from_=from_, to=to, body=body) | extra
    signature = sign(exchange.auth_token, url, form)
    answers = [exchange.callbacks.post(url, form, signature) for _ in range(0 if lose else times)]
    return {"sid": message["sid"], "answers": answers}


def inbound_form(account_sid: str, *, sid: str, from_: str, to: str, body: str) -> dict[str, str]:
    return {
        "ToCountry": "US",
        "ToState": "",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid,
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": body,
        "FromCountry": "",
        "To": to,
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": account_sid,
        "From": from_,
        "ApiVersion": VERSION,
    }
