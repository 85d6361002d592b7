"""The heartbeat table with one deadly handler."""

import os
import signal
from dataclasses import replace

from apps.conversations import services as conversations
from apps.messaging.models import InboundMessage
from trialcare import heartbeat

DEADLY = "a text that kills whoever reads it"


def answer(message: InboundMessage) -> None:
    if message.body == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    conversations.answer(message)


TABLE = tuple(replace(each, handle=answer) if each.model is InboundMessage else each for each in heartbeat.TABLE)
