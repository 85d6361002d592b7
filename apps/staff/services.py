"""Accounts, assignments, who is on call, and signatures. The only writers of this floor."""

import hashlib
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet

from apps.audit.services import current
from apps.core import clock, phone
from apps.core.unit import once
from apps.staff import rules
from apps.staff.models import Signature, SiteAssignment, User
from apps.staff.proofs import is_code
from apps.staff.telling import tell_of_password, tell_of_phone, tell_of_role
from apps.staff.vocabulary import SITE_ROLES, Role, StaffRule
from apps.trials.models import Site
from apps.vault import services as vault
from apps.vault.services import create_data_key, phone_index


class Problem(NamedTuple):
    """One reason for a refusal: the form's field, and the rule that it breaks (`rule.label` says it to people)."""

    field: str
    rule: StaffRule


class StaffRefused(Exception):
    """An account or an assignment breaks a rule. `problems` has every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(f"{field}: {rule.value}" for field, rule in problems))
        self.problems = problems


class NotSigned(Exception):
    """The signature was refused: wrong password, or an account that may not sign."""


class NotYourOwnPassword(NotSigned):
    """Somebody else has set this password and so knows it: what it signs would prove nothing."""


# --- who may do what


def today() -> date:
    """The day that assignments and accounts are measured by."""
    return clock.today(settings.TIME_ZONE)


def day_of(time: datetime) -> date:
    """The day of a time, as assignments and accounts are measured."""
    return time.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def is_valid(user: User, *, on: date | None = None) -> bool:
    """The account is active and has not expired (today, unless told)."""
    return user.is_active and (user.expires_on is None or user.expires_on >= (on or today()))


def scope(user: User, *, on: date | None = None) -> rules.Scope:
    """What this person may do where, from the assignments of one day alone: today, unless told. An inactive or expired account may
    nothing."""
    day = on or today()
    if not is_valid(user, on=day):
        return rules.scope_of([])
    return rules.scope_of(_valid_on(day).filter(user=user).values_list("role", "site_id"))


def on_call(*, site: Site | None, roles: Collection[Role], on: date | None = None) -> list[User]:
    """People with one of these roles at the site (at none: in the whole trial), each once, first on call first: today, unless told.

    Who has no on-call position comes after everybody who has one.
    """
    day = on or today()
    rows = once(("assigned", site and site.pk, day), lambda: _in_order(site, day))
    return [*dict.fromkeys(row.user for row in rows if row.role in roles and is_valid(row.user, on=day))]


def _in_order(site: Site | None, day: date) -> list[SiteAssignment]:
    rows = _valid_on(day).filter(site=site).select_related("user__data_key")
    return list(rows.order_by(F("on_call_position").asc(nulls_last=True), "user__name", "user_id"))


def days_of_change(*, site: Site | None) -> set[date]:
    """The days from which somebody's assignment there counts, or it or the account counts no longer."""
    rows = SiteAssignment.objects.filter(site=site).values_list("starts_on", "ends_on", "user__expires_on")
    begun = {starts for starts, _ends, _expires in rows}
    return begun | {last + timedelta(days=1) for _starts, *lasts in rows for last in lasts if last is not None}


def staff_on(indexes: Collection[bytes]) -> list[User]:
    """The people whose own mobile has one of these blind indexes of a number; normally one or none."""
    rows = User.objects.filter(phone_index__in=[index for index in indexes if index], is_active=True)
    return [user for user in rows.order_by("name", "pk") if is_valid(user)]


def phone_indexes_of(user: User) -> list[bytes]:
    """The blind indexes under which this person's mobile may stand, the newest first; none without a mobile."""
    return vault.phone_indexes_of(user.phone_index, lambda: str(user.phone)) if user.phone_index else []


def reindex_phones(*, batch: int = 500) -> int:
    """Write up to `batch` blind indexes under the newest key that stand under an older one. Returns how many were left before."""
    rows = User.objects.exclude(phone_index=b"").order_by("pk").values_list("pk", "phone_index")
    old = [key for key, index in rows if not vault.is_newest_index(index)]
    for user in User.objects.filter(pk__in=old[:batch]).select_related("data_key"):
        User.objects.filter(pk=user.pk, phone_index=user.phone_index).update(phone_index=phone_index(str(user.phone)))
    return len(old)


def unreadable_phones() -> int:
    """How many people are found by no number, because their index key is not set."""
    rows = User.objects.exclude(phone_index=b"").values_list("phone_index", flat=True)
    return sum(not vault.is_readable_index(index) for index in rows)


def _valid_on(day: date) -> QuerySet[SiteAssignment]:
    return SiteAssignment.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)


# --- accounts


@transaction.atomic
def create_staff(
    *,
    username: str,
    name: str,
    email: str,
    language: str,
    password: str | None = None,
    number: str = "",
    expires_on: date | None = None,
) -> User:
    """A new account without any right until it is assigned. `number` as + country code and digits, or empty.

    Raises StaffRefused. Without a password nobody can sign in yet.
    """
    user = User(username=username, name=name, email=email, language=language, expires_on=expires_on, is_staff=True)
    problems = [*_name_problems(user), *_password_problems(user, password), *_number_problems(number)]
    if problems:
        raise StaffRefused(problems)
    user.set_password(password)
    writer = _writer()
    user.password_is_anothers = password is not None and writer is not None
    user.data_key = create_data_key()
    _put_number(user, number)
    user.save()
    _tell_whose_it_is(user, writer)
    return user


@transaction.atomic
def set_phone(*, user: User, number: str) -> None:
    """The mobile on which this person is paged and answers codes; empty takes it away. Raises StaffRefused.

    Another number is untested until it has itself been reached and answered: `phone_since` says from when that counts. Whoever holds the
    phone answers pages in this person's name: its owner is told by e-mail of a change that somebody else made.
    """
    before, writer = user.masked_phone, _writer()
    if problems := _number_problems(number):
        raise StaffRefused(problems)
    if user.data_key is None:
        user.data_key = create_data_key()
    is_another = _put_number(user, number)
    user.save(update_fields=["data_key", "phone", "phone_index", "phone_since"])
    if is_another and writer is not None and writer != user:
        at, now = clock.now(), user.masked_phone
        transaction.on_commit(lambda: tell_of_phone(user=user, by=writer, at=at, before=before, now=now))


@transaction.atomic
def set_password(*, user: User, password: str, code: str = "") -> None:
    """Other login sessions of this person end by themselves. Raises StaffRefused for a weak password.

    Set by somebody else who is signed in it signs nothing, and its owner is told by e-mail, to an address that no page can change, who
    it was. Whoever set it can sign in as its owner: so it becomes their own only with the `code` of that e-mail; refused without.
    """
    writer, problems = _writer(), _password_problems(user, password)
    if user.password_is_anothers and writer == user and not is_code(user, code):
        problems.append(Problem("code", StaffRule.NOT_THE_CODE))
    if problems:
        raise StaffRefused(problems)
    user.set_password(password)
    user.password_is_anothers = writer not in (None, user)
    user.save(update_fields=["password", "password_is_anothers"])
    _tell_whose_it_is(user, writer)


def _tell_whose_it_is(user: User, writer: User | None) -> None:
    if writer is not None and user.password_is_anothers:
        at = clock.now()
        transaction.on_commit(lambda: tell_of_password(user=user, by=writer, at=at))


def _writer() -> User | None:
    """Whoever is signed in and writes this; nobody when a command or a worker does."""
    acting = current()
    if acting is None or not acting.actor.startswith("user:"):
        return None
    return User.objects.filter(pk=acting.actor.removeprefix("user:")).first()


@transaction.atomic
def set_language(*, user: User, language: str) -> None:
    """The language of this person's pages and texts."""
    user.language = language
    user.save(update_fields=["language"])


@transaction.atomic
def close_account(*, user: User) -> None:
    """A leaver: no sign-in, no page, no code from now on. Login sessions die with the next request."""
    user.is_active = False
    user.save(update_fields=["is_active"])


@transaction.atomic
def reopen_account(*, user: User, expires_on: date | None = None) -> None:
    """Let somebody back in, until a date if one is given, with the roles that still run: those who are told of a role hear of it."""
    user.is_active, user.expires_on = True, expires_on
    user.save(update_fields=["is_active", "expires_on"])
    for given in SiteAssignment.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today()), user=user):
        _announce(given)


def _put_number(user: User, number: str) -> bool:
    """Whether it is another one than before."""
    e164 = phone.parse_mobile(number).e164 if number else ""
    is_another: bool = e164 != user.phone
    if is_another:
        user.phone_since = clock.now()
    user.phone = e164
    user.phone_index = phone_index(e164) if e164 else b""
    return is_another


def _name_problems(user: User) -> list[Problem]:
    missing = [field for field in ("username", "name", "email") if not getattr(user, field).strip()]
    problems = [Problem(field, StaffRule.MISSING) for field in missing]
    if User.objects.filter(username=user.username).exists():
        problems.append(Problem("username", StaffRule.USERNAME_TAKEN))
    return problems


def _password_problems(user: User, password: str | None) -> list[Problem]:
    try:
        if password is not None:
            validate_password(password, user=user)
    except ValidationError:
        return [Problem("password", StaffRule.PASSWORD)]
    return []


def _number_problems(number: str) -> list[Problem]:
    try:
        if number:
            phone.parse_mobile(number)
    except phone.NotAMobile:
        return [Problem("number", StaffRule.NOT_A_MOBILE)]
    return []


# --- assignments


@transaction.atomic
def assign(
    *,
    user: User,
    role: Role,
    site: Site | None = None,
    on_call_position: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> SiteAssignment:
    """Give a role at a site, or one of the whole trial at none; from today unless told. Raises StaffRefused.

    Nobody signed in gives one to themselves, on whatever way they came here: an administrator would be an investigator alone. The first
    administrator is made by a command.
    """
    starts_on = starts_on or today()
    problems = [Problem("role", StaffRule.NOT_ONESELF)] if _writer() == user else []
    if (role in SITE_ROLES) != (site is not None):
        problems.append(Problem("site", StaffRule.SITE_NEEDED if site is None else StaffRule.NO_SITE))
    if ends_on is not None and ends_on < starts_on:
        problems.append(Problem("ends_on", StaffRule.ENDS_BEFORE_START))
    if problems:
        raise StaffRefused(problems)
    given = SiteAssignment.objects.create(
        user=user, role=role, site=site, on_call_position=on_call_position, starts_on=starts_on, ends_on=ends_on
    )
    _announce(given)
    return given


def overseers(given: SiteAssignment, *, by: User) -> list[User]:
    """Who is told of this role: the site's principal investigators (of one of the whole trial, those of every site), and sponsor safety.

    Not whoever has it or gives it: they know.
    """
    sites = Q(site=given.site) if given.site else Q()
    asked = _valid_on(today()).filter(sites & Q(role=Role.PRINCIPAL_INVESTIGATOR) | Q(role=Role.SPONSOR_SAFETY))
    people = {row.user for row in asked.select_related("user")} - {given.user, by}
    return sorted((person for person in people if is_valid(person)), key=lambda person: person.name)


def _announce(given: SiteAssignment) -> None:
    """Whoever makes accounts could make one up, and work and sign as nobody: those who answer for the work hear of every role."""
    if (writer := _writer()) is not None:
        told, at = overseers(given, by=writer), clock.now()
        transaction.on_commit(lambda: tell_of_role(given, by=writer, told=told, at=at))


@transaction.atomic
def end_assignment(*, assignment: SiteAssignment, ends_on: date) -> None:
    """The last day of an assignment. It is kept for the delegation log. Raises StaffRefused.

    Moved back it would give a role of which nobody hears, perhaps to whoever moves it: a role that goes on is given anew.
    """
    problems = []
    if ends_on < assignment.starts_on:
        problems.append(Problem("ends_on", StaffRule.ENDS_BEFORE_START))
    if assignment.ends_on is not None and ends_on > assignment.ends_on:
        problems.append(Problem("ends_on", StaffRule.LENGTHENED))
    if problems:
        raise StaffRefused(problems)
    assignment.ends_on = ends_on
    assignment.save(update_fields=["ends_on"])


@transaction.atomic
def end_at_once(*, assignment: SiteAssignment) -> None:
    """No right from this moment on: the last day was yesterday. Of one that began today, or begins later, no day is left; the trail
    has the hours for which it counted."""
    last = max(today(), assignment.starts_on) - timedelta(days=1)
    if assignment.ends_on is None or last < assignment.ends_on:
        assignment.ends_on = last
        assignment.save(update_fields=["ends_on"])


# --- signatures


@transaction.atomic
def sign(*, signer: User, password: str, meaning: str, record: str, content: str) -> Signature:
    """A signature on exactly this `content` of `record` (`table:key`). The password shows who. Raises NotSigned, NotYourOwnPassword."""
    if signer.password_is_anothers:
        raise NotYourOwnPassword
    if not is_valid(signer) or not signer.check_password(password):
        raise NotSigned
    return Signature.objects.create(
        signer=signer, signed_at=clock.now(), meaning=meaning, record=record, record_sha256=_digest(content)
    )


def binds(signature: Signature, *, content: str) -> bool:
    """The signature is on exactly this content. On any other it is invalid, and never moves to it (21 CFR 11.70)."""
    return signature.record_sha256 == _digest(content)


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
