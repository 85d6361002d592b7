"""The readiness gate: every reason why the trial may not go live, each in one line with its mend.

A check is a function that yields lines. A floor that has reasons of its own gives them as such a function, and it is put on the list here.
"""

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.core import checks
from django.db import Error as DatabaseTrouble
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.core import wording
from apps.escalation.readiness import readiness as paging
from apps.messaging.services import unreadable_lines
from apps.operations import sentinel, watch
from apps.staff.services import unreadable_phones
from apps.trials.services import NoProtocol, current_protocol
from apps.trials.vocabulary import Status
from apps.vault.services import unreadable_data_keys

_SQLITE = {"journal_mode": "wal", "synchronous": 2}
_NAMED = "mend the setting that it names"
_POSTGRESQL = ("fsync", "full_page_writes", "synchronous_commit")


def reasons() -> list[str]:
    """Every reason, in the order of the list; empty when the trial may go live."""
    return [reason for check in CHECKS for reason in _asked(check)]


def _asked(check: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return [*check()]
    except DatabaseTrouble as error:
        return [f"{check.__name__}: the database does not answer ({type(error).__name__}): start it, then ask again"]


def installation() -> Iterator[str]:
    """Settings that a demo may have and a trial may not."""
    if not settings.PRODUCTION:
        yield f"TRIALCARE_ENV is {settings.TRIALCARE_ENV}: set production"
    if not settings.PUBLIC_BASE_URL.startswith("https://"):
        yield "PUBLIC_BASE_URL is not https: set the origin that providers call"
    if "phone" in settings.SMS_GATEWAY:
        yield "SMS_GATEWAY is the simulator: set a gateway that reaches phones"
    if settings.TRIALCARE_CLOCK_OFFSET:
        yield "TRIALCARE_CLOCK_OFFSET shifts trial time: unset it"
    if settings.TIME_FACTOR != 1:
        yield "TRIALCARE_TIME_FACTOR scales the time chain: unset it"


def alarms_reach_somebody() -> Iterator[str]:
    """Silence is an alarm only where somebody listens."""
    if not settings.HEARTBEAT_URL:
        yield "HEARTBEAT_URL is not set: set the address of a service that pages when it hears nothing for five minutes"
    if not settings.OPERATOR_EMAIL:
        yield "OPERATOR_EMAIL is not set: set the operator's second path"
    if not settings.EMAIL_URL or "smtp" not in settings.EMAIL_BACKEND:
        yield "EMAIL_URL reaches no mail server: set smtp://…"
    age = sentinel.age_seconds()
    if age is None or age > sentinel.limit_seconds():
        yield "no sentinel has looked lately: start manage.py sentinel"


def database() -> Iterator[str]:
    """Settings without which a power cut may lose a text that was answered with 2xx."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, wanted in _SQLITE.items():
                cursor.execute(f"PRAGMA {name}")
                if (found := cursor.fetchone()[0]) != wanted:
                    yield f"SQLite has {name} {found}: it must be {wanted}; use a file on a local disk"
            return
        for name in _POSTGRESQL:
            cursor.execute("SELECT current_setting(%s)", [name])
            if (found := cursor.fetchone()[0]) != "on":
                yield f"PostgreSQL has {name} {found}: set it to on in postgresql.conf"
        cursor.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tableowner = current_user"
        )
        if cursor.fetchone()[0]:
            yield "the program's database role owns its tables: let DATABASE_OWNER_URL name another role"


def migrations() -> Iterator[str]:
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield f"{len(plan)} migrations are not applied: manage.py migrate"


def keys_are_there() -> Iterator[str]:
    """A key that was taken away too early: numbers that nobody is found by, and values that nobody can read."""
    if count := unreadable_lines() + unreadable_phones():
        yield f"{count} phone numbers stand under an index key that is not set: put it back into INDEX_KEY, then manage.py rotate_keys"
    if count := unreadable_data_keys():
        yield f"{count} data keys stand under a key that is not set: put it back into FIELD_KEYS, then manage.py rotate_keys"


def what_the_sentinel_sees() -> Iterator[str]:
    yield from map(str, watch.problems())


def system_checks() -> Iterator[str]:
    for found in checks.run_checks(include_deployment_checks=True):
        if found.level >= checks.WARNING and not found.is_silenced():
            said, mend = (" ".join(text.split()).rstrip(".") for text in (found.msg, found.hint or _NAMED))
            yield f"{found.id}: {said}: {mend}"


def texts() -> Iterator[str]:
    """Participants' texts are ethics-approved material."""
    yield from (f"wording: {problem}: mend the file" for problem in wording.problems())
    for language in wording.unapproved():
        yield f"wording: the texts in {language} are a proposal: have them approved, and say by whom in the file"


def protocol() -> Iterator[str]:
    try:
        facts = current_protocol()
    except NoProtocol:
        yield "no protocol is loaded: manage.py load_trial FILE"
        return
    if facts.status != Status.APPROVED:
        yield "the protocol file is a proposal: have the sponsor approve it, then load it with status approved"
    for site in facts.sites:
        if site.synthetic:
            yield f"site {site.code} is made up: load the trial's own sites"


CHECKS: tuple[Callable[[], Iterable[str]], ...] = (
    installation,
    alarms_reach_somebody,
    database,
    migrations,
    keys_are_there,
    what_the_sentinel_sees,
    system_checks,
    texts,
    protocol,
    paging,
)
