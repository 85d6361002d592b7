"""Acts of several processes in the same moment: threads with a database connection of their own, for PostgreSQL."""

import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

from apps.audit.services import acting


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Each in a thread and connection of its own, started together; what the database refused."""
    refused: list[str] = []
    gate = threading.Barrier(len(acts))

    def perform(act: Callable[[], object]) -> None:
        try:
            with acting(actor="worker"):
                connection.ensure_connection()
                gate.wait(timeout=10)
                act()
        except DatabaseError as error:
            refused.append(str(error).splitlines()[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=perform, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return refused
