"""Stand-ins of the carriers of calls, robots and pagers, and the first page of an escalation that goes to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.test import override_settings

from apps.escalation import paging
from apps.escalation.models import Escalation, Page
from apps.messaging import twilio_voice
from apps.staff.models import User
from tests.escalation.calls import SETTINGS
from tests.escalation.stage import Stage
from tests.fakes.paging_server import ALIYUN_ID, ALIYUN_SECRET, PagingServer

TOKEN = "t" * 40
MAINLAND = "+8613800138000"  # in the form of every handbook of the provider


@contextmanager
def set_up() -> Iterator[PagingServer]:
    """All carriers, set up for calls; robots and pagers are set up by the tests about them."""
    with PagingServer() as running:
        twilio = SETTINGS | {"API_BASE_URL": running.url}
        aliyun = {
            "ACCESS_KEY_ID": ALIYUN_ID, "ACCESS_KEY_SECRET": ALIYUN_SECRET, "SHOW_NUMBER": "057100005678", "TTS_CODE": "TTS_1234",
            "BYE_CODE": "TTS_1235", "CALLBACK_TOKEN": TOKEN, "API_BASE_URL": running.url,
        }  # fmt: skip
        with override_settings(TWILIO=twilio, ALIYUN_VOICE=aliyun):
            twilio_voice.forget()
            paging.forget_outages()
            yield running
        twilio_voice.forget()
        paging.forget_outages()


def rung(stage: Stage, person: User, channel: str = "voice") -> tuple[Escalation, Page]:
    running = stage.start()
    stage.play(timedelta(seconds=2))
    return running, Page.objects.get(escalation=running, person=person, channel=channel)
