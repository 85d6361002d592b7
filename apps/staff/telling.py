"""What staff are told by e-mail, about their own account above all. No page changes an e-mail address, so it reaches them and nobody
else."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.staff.models import User
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
            "at": f"{at.astimezone(ZoneInfo(settings.TIME_ZONE)):%Y-%m-%d %H:%M %z}",
            "link": _link(),
            "code": code_of(user),
        }
    send(user, str(subject), body)


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


def _link() -> str:
    return f"{settings.PUBLIC_BASE_URL}/admin/password_change/"


def send(user: User, subject: str, body: str) -> None:
    """After the commit of what it tells. A mail server that fails is an error in the log: what was done is done by now."""
    try:
        EmailMessage(subject, f"{body}\n", settings.EMAIL_FROM, [user.email]).send()
    except OSError as error:  # smtplib's exceptions are OSErrors too
        log.error("somebody could not be told by e-mail", extra={"error": type(error).__name__})
