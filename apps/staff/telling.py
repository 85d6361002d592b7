"""What staff are told by e-mail, above all of an account: its owner, and those who answer for its work. No page changes an address."""

import logging
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.staff.models import SiteAssignment, User
from apps.staff.proofs import code_of

log = logging.getLogger(__name__)


def tell_of_password(*, user: User, by: User, at: datetime) -> None:
    """That their password was set, when and by whom, and the code with which they set their own."""
    with override(user.language.lower()):
        subject = _("trialcare: your password was set by somebody else")
        body = _(
            "%(by)s set a new password for your account %(account)s on %(at)s.\n\n"
            "Set your own before you sign anything: %(link)s\n"
            "You need this code for it, which nobody else has been sent: %(code)s\n\n"
            "If you did not ask for this, tell the principal investigator and the sponsor at once: "
            "whoever knows the password can sign in as you."
        ) % {
            "by": by.name,
            "account": user.username,
            "at": _time(at),
            "link": _link(),
            "code": code_of(user),
        }
    send(user, str(subject), body)


def tell_of_phone(*, user: User, by: User, at: datetime, before: str, now: str) -> None:
    """That their mobile was changed, when and by whom. `before` and `now` are masked, empty for none: an e-mail is read by others too."""
    with override(user.language.lower()):
        subject = _("trialcare: your mobile phone was changed by somebody else")
        body = _(
            "%(by)s changed the mobile phone of your account %(account)s on %(at)s: it was %(before)s and is %(now)s now.\n\n"
            "You are paged on it, and whoever holds it answers pages in your name. If it is not your phone, tell the principal "
            "investigator and the sponsor at once, and ask who is on call instead of you."
        ) % {"by": by.name, "account": user.username, "at": _time(at), "before": before or "–", "now": now or "–"}
    send(user, str(subject), body)


def tell_of_role(given: SiteAssignment, *, by: User, told: Iterable[User], at: datetime) -> None:
    """That this person got a role, which, and from whom, to each in their own language. An account may be nobody's: they would know."""
    for person in told:
        with override(person.language.lower()):
            subject = _("trialcare: a role was given")
            body = _(
                "%(by)s gave this role on %(at)s, or opened the account again that has it:\n\n"
                "%(name)s (account %(account)s, %(email)s)\n"
                "%(role)s, %(where)s, from %(from)s\n\n"
                "If you know this person and they are to do this work, there is nothing to do.\n"
                "If not, tell the principal investigator and the sponsor at once, and have another administrator close the account: "
                "with this role it can work and sign."
            ) % {
                "by": by.name,
                "at": _time(at),
                "name": given.user.name,
                "account": given.user.username,
                "email": given.user.email,
                "role": given.get_role_display(),
                "where": given.site.code if given.site else _("whole trial"),
                "from": f"{given.starts_on:%Y-%m-%d}",
            }
        send(person, str(subject), body)


def send_code_again(user: User) -> None:
    """The code alone, because somebody who is signed in as this person asked for it."""
    with override(user.language.lower()):
        subject = _("trialcare: the code for a password of your own")
        body = _(
            "Somebody who is signed in to your account %(account)s wants to set a password of their own.\n\n"
            "If it is you, this is the code: %(code)s\n"
            "It belongs here: %(link)s\n\n"
            "If it is not you, tell the principal investigator and the sponsor at once, and give the code to nobody."
        ) % {"account": user.username, "code": code_of(user), "link": _link()}
    send(user, str(subject), body)


def _time(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(settings.TIME_ZONE)):%Y-%m-%d %H:%M %z}"


def _link() -> str:
    return f"{settings.PUBLIC_BASE_URL}/admin/password_change/"


def send(user: User, subject: str, body: str) -> None:
    """After the commit of what it tells. A mail server that fails is an error in the log: what was done is done by now."""
    try:
        EmailMessage(subject, f"{body}\n", settings.EMAIL_FROM, [user.email]).send()
    except OSError as error:  # smtplib's exceptions are OSErrors too
        log.error("somebody could not be told by e-mail", extra={"error": type(error).__name__})
