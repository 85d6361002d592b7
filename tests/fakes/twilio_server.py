"""A stand-in for Twilio's REST API: a real HTTP server on loopback, with faults on demand and signed callbacks.

In a test: `with TwilioServer() as twilio: ...`. As a program: `python -m tests.fakes.twilio_server --port N --log FILE`, steered
through `/__control__/…`. Every accepted text is appended to the log file before the answer leaves: the app cannot touch it, so it
is the truth about what a phone would have received.
"""

import argparse
import base64
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes import twilio_description
from tests.fakes.twilio_callbacks import CallbackPlan, Poster, over_http
from tests.fakes.twilio_exchange import ACCOUNT_SID, AUTH_TOKEN, NUMBER, VERSION, Exchange, inbound_form, text
from tests.fakes.twilio_faults import AFTER, Fault, Trouble, from_json

__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "NUMBER",
    "CallbackPlan",
    "Fault",
    "Trouble",
    "TwilioServer",
    "inbound_form",
    "text",
]


class Handler(BaseHTTPRequestHandler):
    """Routes by method and path. A new resource (calls, say) is one more entry in `_route`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # as real providers do: head and body leave apart, and the second would wait 40 ms
    exchange: Exchange

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/__control__/"):
            self._control(json.loads(body or b"{}"))
        else:
            self._route(body)

    def do_GET(self) -> None:
        if self.path.startswith("/__control__/"):
            self._answer(200, {"messages": self.exchange.messages, "requests": self.exchange.requests})
        else:
            self._route(b"")

    def _route(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        with self.exchange.lock:
            self.exchange.requests.append((self.command, parts.path))
        prefix = f"/{VERSION}/Accounts/{self.exchange.account_sid}/Messages"
        if not self._is_signed_in():
            self._error(401, 20003, "Authenticate")
        elif problem := self._violation(parts.path, parts.query, body):
            self._error(400, 20001, problem)
        elif parts.path == f"{prefix}.json" and self.command == "POST":
            self._create(_flat(body.decode()))
        elif parts.path == f"{prefix}.json":
            self._read("", lambda: self.exchange.listed(_flat(parts.query)))
        elif parts.path.startswith(f"{prefix}/") and parts.path.endswith(".json"):
            self._one(parts.path.removeprefix(f"{prefix}/").removesuffix(".json"), _flat(body.decode()))
        else:
            self._error(404, 20404, "The requested resource was not found")

    def _is_signed_in(self) -> bool:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        name, _, secret = base64.b64decode(given).decode().partition(":") if scheme == "Basic" else ("", "", "")
        return (name, secret) in self.exchange.logins

    def _violation(self, path: str, query: str, body: bytes) -> str:
        if not self.exchange.checks_description:
            return ""
        found = twilio_description.violation(
            self.command, path, query=query, headers=dict(self.headers.items()), body=body
        )
        if found:
            self.exchange.violations.append(found)
        return found

    # --- one text

    def _create(self, form: dict[str, str]) -> None:
        self.exchange.calls.append((time.monotonic(), form.get("To", "")))
        fault = self.exchange.fault_for(kind="send", to=form.get("To", ""))
        if fault is not None and fault.trouble not in AFTER:
            self._spoil(fault, {})
        elif code := self._refusal(form):
            self._error(400, code, "refused by the stand-in")
        else:
            message = self.exchange.take(form)
            time.sleep(self.exchange.thinks_for)
            if fault is not None:
                self._spoil(fault, message)
            else:
                self._answer(201, message)

    def _refusal(self, form: Mapping[str, str]) -> int:
        if (code := self.exchange.refused_numbers.get(form.get("To", ""))) is not None:
            return code
        if not form.get("To", "").startswith("+"):
            return 21211
        if not form.get("From") and not form.get("MessagingServiceSid"):
            return 21603
        if not form.get("Body"):
            return 21602
        if len(form["Body"]) > 1600:
            return 21617
        return 21609 if not form.get("StatusCallback", "https://").startswith("http") else 0

    def _one(self, sid: str, form: Mapping[str, str]) -> None:
        row = next((row for row in self.exchange.messages if row["sid"] == sid), None)
        if row is None:
            self._error(404, 20404, "The requested resource was not found")
            return
        if self.command == "POST" and form.get("Body", "x") == "":
            row["body"] = ""
        self._read(row["to"], lambda: row)

    def _read(self, to: str, answer: Any) -> None:
        fault = self.exchange.fault_for(kind="read", to=to)
        if fault is not None:
            self._spoil(fault, {})
        else:
            self._answer(200, answer())

    # --- answers, good and bad

    def _spoil(self, fault: Fault, message: Mapping[str, Any]) -> None:
        trouble, whole = fault.trouble, json.dumps(message).encode()
        if trouble in (Trouble.RESET_BEFORE, Trouble.RESET_AFTER):
            self._reset()
        elif trouble in (Trouble.HANG_BEFORE, Trouble.HANG_AFTER):
            time.sleep(fault.seconds)
            self._reset()
        elif trouble is Trouble.RATE_LIMITED:
            self._error(429, fault.code or 20429, "Too Many Requests", retry_after=fault.retry_after)
        elif trouble is Trouble.RATE_LIMITED_HTML:
            self._raw(429, b"<html>slow down</html>", "text/html", {"Retry-After": str(fault.retry_after)})
        elif trouble in (Trouble.SERVER_ERROR, Trouble.SERVER_ERROR_AFTER):
            self._error(fault.status, fault.code or 20500, "Internal Server Error")
        elif trouble is Trouble.CUT_JSON:
            self._raw(201, whole[: len(whole) // 2])
        elif trouble is Trouble.HTML_200:
            self._raw(200, b"<html><body>welcome</body></html>", "text/html")
        elif trouble is Trouble.NULL_200:
            self._raw(201, b"null")
        elif trouble is Trouble.NO_SID:
            self._answer(201, {name: value for name, value in message.items() if name != "sid"})
        else:
            self._error(fault.status if fault.status < 500 else 400, fault.code, "refused on demand")

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _error(self, status: int, code: int, message: str, *, retry_after: int | None = None) -> None:
        body = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self._raw(status, json.dumps(body).encode(), headers=headers)

    def _answer(self, status: int, body: Any) -> None:
        self._raw(status, json.dumps(body).encode())

    def _raw(
        self, status: int, body: bytes, content_type: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """The standard server prints each line; the log file is the record here."""

    # --- steering from another process

    def _control(self, wish: dict[str, Any]) -> None:
        name = self.path.removeprefix("/__control__/").strip("/")
        if name == "faults":
            self.exchange.faults = [from_json(entry) for entry in wish["faults"]]
            self._answer(200, {"faults": len(self.exchange.faults)})
        elif name == "callbacks":
            wish["statuses"] = tuple(wish.get("statuses", ("sent", "delivered")))
            self.exchange.callbacks.plan = CallbackPlan(**wish)
            self._answer(200, {})
        elif name == "text":
            self._answer(200, text(self.exchange, **wish))
        else:
            self._answer(404, {"error": "faults, callbacks or text"})


def _flat(encoded: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(encoded, keep_blank_values=True).items()}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or a connection that we reset ourselves."""


class TwilioServer:
    """The stand-in with its exchange, running while the `with` block runs. `base_url` is what TWILIO_API_BASE_URL is set to."""

    def __init__(
        self,
        *,
        port: int = 0,
        log: Path | None = None,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        post: Poster | None = None,
        plan: CallbackPlan | None = None,
    ) -> None:
        self.exchange = Exchange(
            account_sid=account_sid,
            auth_token=auth_token,
            log=log,
            post=post or over_http(),
            plan=plan or CallbackPlan(),
        )
        handler = type("BoundHandler", (Handler,), {"exchange": self.exchange})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fault(self, trouble: Trouble, **details: Any) -> Fault:
        fault = Fault(trouble, **details)
        self.exchange.faults.append(fault)
        return fault

    def sent_to(self, number: str) -> list[dict[str, Any]]:
        return [row for row in self.exchange.messages if row["to"] == number and row["direction"] == "outbound-api"]

    def posts(self) -> int:
        """How many requests to send a text were made, accepted or not."""
        return sum(method == "POST" and path.endswith("/Messages.json") for method, path in self.exchange.requests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--account-sid", default=os.environ.get("TWILIO_ACCOUNT_SID", ACCOUNT_SID))
    parser.add_argument("--auth-token", default=os.environ.get("TWILIO_AUTH_TOKEN", AUTH_TOKEN))
    parser.add_argument("--app", default="", help="origin where the app really listens, if not at the public URL")
    options = parser.parse_args()
    server = TwilioServer(
        port=options.port,
        log=options.log,
        account_sid=options.account_sid,
        auth_token=options.auth_token,
        post=over_http(options.app),
    )
    with server:
        print(server.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
