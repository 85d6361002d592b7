"""Who writes, why, and under which request: known to the database at every write, or the write is refused."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from psycopg.pq import TransactionStatus


@dataclass(frozen=True)
class Acting:
    """`actor` is `user:<id>`, or a system writer's own name such as `worker` or `command:load_trial`."""

    actor: str
    reason: str = ""
    request_id: str = ""


_current: ContextVar[Acting | None] = ContextVar("trialcare_actor", default=None)
_SETTING = """SELECT set_config('trialcare.actor', %s, %s), set_config('trialcare.reason', %s, %s),
    set_config('trialcare.request', %s, %s)"""
_UNDOES = re.compile(r"\s*rollback\b", re.IGNORECASE)
_WRITE = re.compile(r"\b(insert|update|delete|merge|truncate)\b", re.IGNORECASE)


@contextmanager
def acting(*, actor: str, reason: str = "", request_id: str = "") -> Iterator[None]:
    """Everything written inside is attributed to `actor`."""
    if not actor:
        raise ValueError("an actor has a name")
    token = _current.set(Acting(actor[:80], reason[:500], request_id[:64]))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def because(reason: str) -> Iterator[None]:
    """The same actor, with a reason for what is written inside."""
    now = _current.get()
    if now is None:
        raise LookupError("nobody is acting")
    with acting(actor=now.actor, reason=reason, request_id=now.request_id):
        yield


def current() -> Acting | None:
    return _current.get()


def prepare_connection(connection: Any, **_: Any) -> None:
    """Give a new connection its way to know the actor: a function on SQLite, a setting before each write on PostgreSQL."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("trialcare_acting", 1, _answer)
        # Without it a row that REPLACE puts away fires no trigger: it would leave no trace, not even in the trail itself.
        connection.connection.execute("PRAGMA recursive_triggers=ON")
    elif connection.vendor == "postgresql":
        connection.trialcare_told = None  # whom the database takes for the writer now
        connection.trialcare_stands = None  # … and between transactions
        if _announce not in connection.execute_wrappers:
            connection.execute_wrappers.append(_announce)


def _answer(what: str) -> str | None:
    now = _current.get()
    return None if now is None else getattr(now, what)


def _announce(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Before the first write of a transaction and actor. A rollback to a savepoint undoes it unseen, so then it is said again.

    Statements that stand alone (leases, above all) say it once a connection and actor: what they said holds between transactions.
    """
    connection = context["connection"]
    if connection.connection.info.transaction_status == TransactionStatus.IDLE:
        connection.trialcare_told = None if _in_transaction(connection) else connection.trialcare_stands
    if isinstance(sql, str) and _UNDOES.match(sql):
        connection.trialcare_told = None
    elif isinstance(sql, str) and _WRITE.search(sql[:2000]):
        _tell(connection, _current.get() or Acting(""))
    return execute(sql, params, many, context)


def _tell(connection: Any, now: Acting) -> None:
    if connection.trialcare_told == now:
        return
    local = _in_transaction(connection)
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(_SETTING, [now.actor, local, now.reason, local, now.request_id, local])
    connection.trialcare_told = now
    if not local:
        connection.trialcare_stands = now


def _in_transaction(connection: Any) -> bool:
    return connection.in_atomic_block or not connection.get_autocommit()
