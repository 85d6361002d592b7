"""The pump: a thread in every worker that looks for due rows each second and rings the doorbell.

It runs overdue safety rows itself, a few seconds' worth in each tick, so that a page leaves within 30 s with the broker dead.
Publishing has a thread of its own: a broker that hangs never delays the tick (decision 1). It is a *worker* bootstep, since a
consumer's step never starts while the broker is down at boot.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import bootsteps
from celery.worker import state
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from kombu.exceptions import OperationalError

from apps.audit.services import acting
from apps.core.failpoints import strike
from apps.core.work import Lane, seconds
from apps.operations import engine
from apps.operations.forking import database_open, guard
from apps.operations.tasks import DOORBELLS
from apps.triage import rules

log = logging.getLogger(__name__)

TICK = 1.0
RINGS = 2  # doorbells a lane and tick: each drain goes on while there is work
DOORBELL_EXPIRES = 10
DEAF_AFTER = 30.0  # seconds


class Pump:
    """Two daemon threads: one that ticks, one that publishes. `reconnect` makes this worker's consumer connect to the broker anew."""

    def __init__(self, *, reconnect: Callable[[], None] = lambda: None) -> None:
        self._stop = threading.Event()
        self._reconnect = reconnect
        self._broker_takes_bells = False
        self._listens_since = time.monotonic()
        self._rings: queue.Queue[Lane] = queue.Queue(maxsize=16)
        self._threads = [
            threading.Thread(target=self._tick_for_ever, name="pump", daemon=True),
            threading.Thread(target=self._publish_for_ever, name="pump-publisher", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _tick_for_ever(self) -> None:
        while not self._stop.wait(seconds(TICK).total_seconds()):
            try:
                with database_open():
                    self.tick()
            except DatabaseError as error:
                log.error("pump cannot read the database", extra={"error": type(error).__name__})
            except Exception as error:  # noqa: BLE001 - the thread's edge: a pump that dies would be silence
                log.error("pump tick failed", extra={"error": type(error).__name__})

    def tick(self) -> None:
        """Ring for every lane that has due rows (only a note to the publisher), then overdue safety rows inline."""
        strike("pump_tick")
        for lane in Lane:
            if engine.anything_due(lane):
                self._ring(lane)
        with acting(actor="pump"):
            engine.run_overdue_safety(overdue_by=engine.INLINE_AFTER)
        self._cure_deafness()

    def _cure_deafness(self) -> None:
        """The broker takes the bells, rows wait, and this worker does nothing: its consumer has fallen deaf, and is made to connect anew.

        Tasks that end while the broker is away cannot be acknowledged; the consumer then counts them as being worked on for ever, and
        fetches nothing more (celery issues 8030, 8091, 10205).
        """
        deaf_after = seconds(DEAF_AFTER).total_seconds()
        if state.active_requests or time.monotonic() - self._listens_since < deaf_after:
            return
        if self._broker_takes_bells and any(engine.anything_due(lane, overdue_by=DEAF_AFTER) for lane in Lane):
            log.error("nobody answers the bells: connecting to the broker anew")
            self._listens_since = time.monotonic()
            self._reconnect()

    def _ring(self, lane: Lane) -> None:
        for _ in range(RINGS):
            try:
                self._rings.put_nowait(lane)
            except queue.Full:  # the broker hangs; the rows are still due at the next tick
                return

    def _publish_for_ever(self) -> None:
        while not self._stop.is_set():
            try:
                lane = self._rings.get(timeout=1)
            except queue.Empty:
                continue
            self._broker_takes_bells = publish(lane)


def publish(lane: Lane) -> bool:
    """Ring one doorbell; whether the broker took it. One that refuses or hangs costs a log line: rows stay due."""
    try:
        DOORBELLS[lane].apply_async(
            queue=f"{settings.QUEUE_PREFIX}{lane.label}", expires=DOORBELL_EXPIRES, retry=False, ignore_result=True
        )
    except (OperationalError, OSError) as error:
        log.warning("doorbell not published", extra={"lane": lane.label, "error": type(error).__name__})
        return False
    finally:
        close_old_connections()
    return True


def lose_connection() -> None:
    """Run by the consumer's own loop, which takes it for what it says and connects anew."""
    raise ConnectionResetError("nobody answers the bells")


class PumpStep(bootsteps.StartStopStep):
    """Starts the pump with the worker, before and whatever the broker. Raises CatalogueError: no worker starts that reads no text."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        # Steps are made before any of them starts: the pool's first children are guarded too, and share what has been read.
        guard()
        rules.catalogue()
        self.pump = Pump(reconnect=lambda: self._reconnect(parent))

    def _reconnect(self, parent: Any) -> None:
        hub = getattr(parent.consumer, "hub", None)
        if hub is not None:  # a broker in memory has no connection to lose
            hub.call_soon(lose_connection)

    def start(self, parent: Any) -> None:
        self.pump.start()

    def stop(self, parent: Any) -> None:
        self.pump.stop()

    def terminate(self, parent: Any) -> None:
        self.pump.stop()
