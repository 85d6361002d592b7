"""What somebody is told by e-mail about their own account. No page changes an e-mail address, so it reaches them and nobody else."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.staff.models import User

log = logging.getLogger(__name__)


def tell_of_password(*, user: User, by: User, at: datetime) -> None:
    """That their password was set, when and by whom. A mail server that fails is an error in the log: the password is set by now."""
    with override(user.language.lower()):
        subject = _("trialcare: your password was set by somebody else")
        body = _(
            "%(by)s set a new password for your account %(account)s on %(at)s.\n\n"
            "Set your own before you sign anything: %(link)s\n\n"
            "If you did not ask for this, tell the principal investigator and the sponsor at once: "
            "whoever knows the password can sign in as you."
        ) % {
            "by": by.name,
            "account": user.username,
            "at": f"{at.astimezone(ZoneInfo(settings.TIME_ZONE)):%Y-%m-%d %H:%M %z}",
            "link": f"{settings.PUBLIC_BASE_URL}/admin/password_change/",
        }
    try:
        EmailMessage(str(subject), f"{body}\n", settings.EMAIL_FROM, [user.email]).send()
    except OSError as error:  # smtplib's exceptions are OSErrors too
        log.error("somebody could not be told of their new password", extra={"error": type(error).__name__})
