"""Twilio's own OpenAPI description as a judge of what the product sends. It lies beside the project and may be absent."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

PATH = Path(__file__).resolve().parents[3] / "shared" / "standards" / "twilio" / "twilio_api_v2010.json"


class _Request:
    """What openapi-core asks of a request."""

    host_url = "https://api.twilio.com"

    def __init__(self, method: str, path: str, *, query: str, headers: Mapping[str, str], body: bytes) -> None:
        from urllib.parse import parse_qsl

        self.method = method.lower()
        self.path = path
        self.content_type = headers.get("Content-Type", "").split(";")[0]
        self.body = body
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(query)),
            header=Headers(list(headers.items())),
            cookie=ImmutableMultiDict(),
        )


def is_here() -> bool:
    return PATH.exists()


@lru_cache(maxsize=1)
def _description() -> OpenAPI:
    # From a dictionary: the library's own reader fails on the file's emoji escapes.
    return OpenAPI.from_dict(json.loads(PATH.read_text(encoding="utf-8")))


def violation(method: str, path: str, *, query: str = "", headers: Mapping[str, str], body: bytes = b"") -> str:
    """Why the description refuses a request; empty when it does not."""
    try:
        _description().validate_request(_Request(method, path, query=query, headers=headers, body=body))
    except OpenAPIError as error:
        return f"{type(error).__name__}: {error.__cause__ or error}"
    return ""
