"""The pump: a thread in every worker that looks for due rows each second and rings the doorbell.

It runs overdue safety rows itself, a few seconds' worth in each tick, so that a page leaves within 30 s with the broker dead.
Publishing has a thread of its own: a broker that hangs never delays the tick (decision 1). It is a *worker* bootstep, since a
consumer's step never starts while the broker is down at boot.
"""

import logging
import queue
import threading
from typing import Any

from celery import bootsteps
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from kombu.exceptions import OperationalError

from apps.audit.services import acting
from apps.core.failpoints import strike
from apps.core.work import Lane, seconds
from apps.operations import engine
from apps.operations.tasks import DOORBELLS

log = logging.getLogger(__name__)

TICK = 1.0
RINGS = 2  # doorbells a lane and tick: each drain goes on while there is work
DOORBELL_EXPIRES = 10


class Pump:
    """Two daemon threads: one that ticks, one that publishes."""

    def __init__(self) -> None:
        self._stop = threading.Event()
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
                self.tick()
            except DatabaseError as error:
                log.error("pump cannot read the database", extra={"error": type(error).__name__})
            except Exception as error:  # noqa: BLE001 - the thread's edge: a pump that dies would be silence
                log.error("pump tick failed", extra={"error": type(error).__name__})
            finally:
                connection.close()

    def tick(self) -> None:
        """Ring for every lane that has due rows (only a note to the publisher), then overdue safety rows inline."""
        strike("pump_tick")
        for lane in Lane:
            if engine.anything_due(lane):
                self._ring(lane)
        with acting(actor="pump"):
            engine.run_overdue_safety(overdue_by=engine.INLINE_AFTER)

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
            publish(lane)


def publish(lane: Lane) -> None:
    """Ring one doorbell. A broker that refuses or hangs costs a log line: rows stay due."""
    try:
        DOORBELLS[lane].apply_async(
            queue=f"{settings.QUEUE_PREFIX}{lane.label}", expires=DOORBELL_EXPIRES, retry=False, ignore_result=True
        )
    except (OperationalError, OSError) as error:
        log.warning("doorbell not published", extra={"lane": lane.label, "error": type(error).__name__})
    finally:
        close_old_connections()


class PumpStep(bootsteps.StartStopStep):
    """Starts the pump with the worker, before and whatever the broker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.pump = Pump()

    def start(self, parent: Any) -> None:
        self.pump.start()

    def stop(self, parent: Any) -> None:
        self.pump.stop()

    def terminate(self, parent: Any) -> None:
        self.pump.stop()
