"""No log line carries a key that stands in an address, whoever writes it."""

import logging
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver

from apps.core.logs import EventFormatter
from trialcare.urls import urlpatterns

SECRET = "canary-Zm9yYmlkZGVu:1tKeY"


def written(name: str, message: str, *given: object) -> str:
    """A line as it is written."""
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, given, None)
    return EventFormatter().format(record)


def _secret_addresses() -> Iterator[str]:
    for pattern in urlpatterns:
        if isinstance(pattern, (URLPattern, URLResolver)) and "<str:" in str(pattern.pattern):
            yield "/" + str(pattern.pattern).replace("<str:token>", SECRET)


@pytest.mark.django_db
@pytest.mark.parametrize("address", [*_secret_addresses(), f"/ack/{SECRET}/more", f"/ack/{SECRET}"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_django_says_of_a_request_names_no_key(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, address: str, method: str
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise ValueError(SECRET)

    for view in ("views_ack.page_of", "views_ack.feed.person_of", "views_voice.received_by"):
        monkeypatch.setattr(f"apps.conversations.{view}", broken)
    monkeypatch.setattr("apps.conversations.views_voice.aliyun_voice.is_callback_token", broken)
    caplog.set_level(logging.DEBUG, logger="django.request")
    client = Client(raise_request_exception=False)

    assert client.generic(method, f"{address}?key={SECRET}").status_code >= 400

    lines = [EventFormatter().format(record) for record in caplog.records]
    assert lines
    assert not [line for line in lines if SECRET in line]


def test_the_pattern_of_an_address_stands_in_its_place(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="django.request")
    Client().get(f"/voice/aliyun/{SECRET}/")
    assert "Method Not Allowed (GET): /voice/aliyun/<str:token>/" in EventFormatter().format(caplog.records[0])


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f'"GET /ack/{SECRET}/ HTTP/1.1" 200 51', '"GET /ack/... HTTP/1.1" 200 51'),
        (f"Error handling request /rota/{SECRET}.ics?a=b", "Error handling request /rota/..."),
        (f"to https://pager.example.org/hook/{SECRET}?key=1 in vain", "to https://pager.example.org/hook/... in vain"),
        ("Connected to redis://broker:6379/2", "Connected to redis://broker:6379/2"),
        ("yes and/or no, 1/2/3, HTTP/1.1, /healthz", "yes and/or no, 1/2/3, HTTP/1.1, /healthz"),
    ],
)
def test_an_address_is_cut_after_its_first_part_and_nothing_else_is(message: str, said: str) -> None:
    assert written("any.logger", "%s", message).endswith(f"any.logger: {said}")


@pytest.mark.parametrize("name", ["django.request", "django.server", "gunicorn.error", "apps.core.work"])
def test_every_logger_writes_by_this_formatter_alone(name: str) -> None:
    """Django's own handlers would print addresses in development, and mail them in service."""
    logger: logging.Logger | None = logging.getLogger(name)
    formatters = []
    while logger is not None:
        formatters += [handler.formatter for handler in logger.handlers if type(handler) is logging.StreamHandler]
        assert not [each for each in logger.handlers if type(each).__module__.startswith("django.utils")]
        logger = logger.parent if logger.propagate else None
    assert formatters
    assert all(isinstance(formatter, EventFormatter) for formatter in formatters)
