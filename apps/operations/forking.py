"""No child is forked while a thread of this process has the database open.

SQLite keeps its locks and its shared memory per process. A child that is forked beside an open connection inherits the belief that it
holds locks which it does not hold; others then throw away the log that it goes on writing to, and what was committed is lost
(https://sqlite.org/howtocorrupt.html, section 2.6). On PostgreSQL the child would end its parent's session. The pool forks whenever
a child has died or has done its share, so this is every day's business.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import connection, connections

_open = threading.RLock()


@contextmanager
def database_open() -> Iterator[None]:
    """While inside, a fork of this process waits. The connection of this thread is closed at the end."""
    with _open:
        try:
            yield
        finally:
            connection.close()


@cache
def guard() -> None:
    """From now on every fork of this process waits for `database_open`, and the forking thread's own connection is closed first."""
    os.register_at_fork(before=_before, after_in_parent=_open.release, after_in_child=_open.release)


def _before() -> None:
    _open.acquire()
    connections.close_all()
