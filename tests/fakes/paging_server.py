"""A stand-in for everybody who carries pages besides texts: Twilio's calls, Alibaba Cloud's calls, both robots, a site's own pager.

A real HTTP server on loopback. Each answer checks the request as the provider's page describes it, by an implementation of its own, and
refuses what the provider would refuse. `trouble` makes one carrier fail: a status, "hang" or "close".
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from tests.fakes.twilio_callbacks import new_sid
from tests.fakes.twilio_exchange import ACCOUNT_SID, AUTH_TOKEN, VERSION

WECOM_KEY = "693a91f6-7000-4bc4-97a0-0ec2sifa5aaa"
DING_TOKEN, DING_SECRET = "d" * 64, "SEC" + "5" * 61
PAGER_SECRET = "a pager's shared secret"
ALIYUN_ID, ALIYUN_SECRET = "LTAI-stand-in", "stand-in-secret"
_ALIYUN_NEEDS = ("CalledShowNumber", "CalledNumber", "StartCode", "MenuKeyMap.1.Key", "MenuKeyMap.1.Code", "OutId")


@dataclass
class Taken:
    """One request that its carrier accepted. `said` is the form, the query or the JSON."""

    carrier: str
    said: dict[str, Any]


@dataclass
class Carriers:
    taken: list[Taken] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    trouble: dict[str, int | str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)  # requests that arrived, whatever became of them

    def by(self, carrier: str) -> list[dict[str, Any]]:
        return [each.said for each in self.taken if each.carrier == carrier]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    carriers: Carriers

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        carrier = self._carrier(parts.path)
        self.carriers.asked[carrier] += 1
        trouble = self.carriers.trouble.get(carrier)
        if trouble == "close":
            self.close_connection = True
            self.connection.close()
        elif trouble == "hang":
            time.sleep(30)
        elif isinstance(trouble, int):
            self._answer(trouble, {})
        else:
            getattr(self, f"_{carrier}")(parts.query, body)

    def _carrier(self, path: str) -> str:
        known = {"/cgi-bin/webhook/send": "wecom", "/robot/send": "dingtalk", "/": "aliyun", "/pager": "pager"}
        return known.get(path, "twilio" if path == f"/{VERSION}/Accounts/{ACCOUNT_SID}/Calls.json" else "nobody")

    def _nobody(self, _query: str, _body: bytes) -> None:
        self._answer(404, {})

    # developer.work.weixin.qq.com/document/path/91770
    def _wecom(self, query: str, body: bytes) -> None:
        said = json.loads(body)
        if _flat(query) != {"key": WECOM_KEY}:
            self._refuse("wecom", 93000)
        elif said["msgtype"] != "text" or not 0 < len(said["text"]["content"].encode()) <= 2048:
            self._refuse("wecom", 44004)
        else:
            self._take("wecom", said, {"errcode": 0, "errmsg": "ok"})

    # open.dingtalk.com/document/robots/customize-robot-security-settings
    def _dingtalk(self, query: str, body: bytes) -> None:
        given, said = _flat(query), json.loads(body)
        stamp = given.get("timestamp", "")
        digest = hmac.digest(DING_SECRET.encode(), f"{stamp}\n{DING_SECRET}".encode(), "sha256")
        is_fresh = stamp.isdigit() and abs(time.time() * 1000 - int(stamp)) < 3_600_000
        if given.get("access_token") != DING_TOKEN:
            self._refuse("dingtalk", 300001)
        elif not is_fresh or given.get("sign") != base64.b64encode(digest).decode():
            self._refuse("dingtalk", 310000)
        elif said["msgtype"] != "text" or not said["text"]["content"] or said["at"]["isAtAll"]:
            self._refuse("dingtalk", 400105)
        else:
            self._take("dingtalk", said, {"errcode": 0, "errmsg": "ok"})

    # help.aliyun.com/document_detail/2712195.html (signature), …/393521.html (IvrCall)
    def _aliyun(self, query: str, body: bytes) -> None:
        said = _flat(query)
        if problem := self._aliyun_violation(query, said, body):
            self.carriers.refused.append(("aliyun", problem))
            self._answer(400, {"Code": problem, "Message": "refused by the stand-in", "RequestId": "R"})
        else:
            call = {
                "Code": "OK",
                "Message": "OK",
                "RequestId": "R",
                "CallId": f"11872096{len(self.carriers.taken)}^105518",
            }
            self._take("aliyun", said | {"CallId": call["CallId"]}, call)

    def _aliyun_violation(self, query: str, said: dict[str, str], body: bytes) -> str:
        headers = {name.lower(): value for name, value in self.headers.items()}
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        given = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        names = given.get("SignedHeaders", "").split(";")
        content = hashlib.sha256(body).hexdigest()
        ordered = "&".join(
            sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in said.items())
        )
        lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names)
        canonical = "\n".join(["POST", "/", ordered, lines, ";".join(names), content])
        signed = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        right = hmac.new(ALIYUN_SECRET.encode(), signed.encode(), "sha256").hexdigest()
        if scheme != "ACS3-HMAC-SHA256" or given.get("Credential") != ALIYUN_ID:
            return "InvalidAccessKeyId.NotFound"
        if given.get("Signature") != right or headers.get("x-acs-content-sha256") != content:
            return "SignatureDoesNotMatch"
        if headers.get("x-acs-action") != "IvrCall" or headers.get("x-acs-version") != "2017-05-25":
            return "InvalidAction.NotFound"
        if missing := [name for name in _ALIYUN_NEEDS if not said.get(name)]:
            return f"Missing{missing[0]}"
        if said["CalledNumber"].startswith("+") or not 1 <= len(said["OutId"]) <= 15:
            return "isv.MOBILE_NUMBER_ILLEGAL"
        return "" if said["PlayTimes"] in ("1", "2", "3") else "InvalidPlayTimes"

    def _pager(self, _query: str, body: bytes) -> None:
        stamp = self.headers.get("X-Trialcare-Timestamp", "")
        right = hmac.new(PAGER_SECRET.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
            self.carriers.refused.append(("pager", "stale"))
            self._answer(403, {})
        elif not hmac.compare_digest(self.headers.get("X-Trialcare-Signature", ""), f"v1={right}"):
            self.carriers.refused.append(("pager", "signature"))
            self._answer(403, {})
        else:
            self._take("pager", json.loads(body), {})

    # twilio.com/docs/voice/api/call-resource#create-a-call
    def _twilio(self, _query: str, body: bytes) -> None:
        lists = parse_qs(body.decode())
        form: dict[str, Any] = {name: values[-1] for name, values in lists.items()}
        form["events"] = lists.get("StatusCallbackEvent", [])
        login = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {login}":
            self._answer(401, {"code": 20003, "message": "Authenticate", "status": 401})
        elif not form.get("To", "").startswith("+") or not form.get("Url", "").startswith("http"):
            self._answer(400, {"code": 21201, "message": "No 'To' number or no Url", "status": 400})
        else:
            sid = new_sid("CA")
            self._take("twilio", form | {"sid": sid}, {"sid": sid, "status": "queued"}, status=201)

    # --- answers

    def _take(self, carrier: str, said: dict[str, Any], answer: dict[str, Any], *, status: int = 200) -> None:
        self.carriers.taken.append(Taken(carrier, said))
        self._answer(status, answer)

    def _refuse(self, carrier: str, code: int) -> None:
        self.carriers.refused.append((carrier, str(code)))
        self._answer(200, {"errcode": code, "errmsg": "refused by the stand-in"})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, *_: Any) -> None:
        """What was taken and refused is the record here."""


def _flat(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


class PagingServer:
    """Runs while the `with` block runs. `url` is the origin of every carrier."""

    def __init__(self) -> None:
        self.carriers = Carriers()
        handler = type("BoundHandler", (Handler,), {"carriers": self.carriers})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
