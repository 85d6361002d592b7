"""An e-mail by SMTP. It wakes nobody and nobody confirms it, so no chain rests on it; but it may carry a link."""

import smtplib
from typing import ClassVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from apps.escalation.channel import Channel, ChannelError, Handed
from apps.escalation.links import link_for
from apps.escalation.models import Page
from apps.escalation.texts import language_of, text_of
from apps.escalation.vocabulary import PageKind
from apps.staff.models import User


class EmailChannel(Channel):
    name: ClassVar[str] = "email"
    carries: ClassVar[str] = "email"
    wakes: ClassVar[bool] = False
    confirms: ClassVar[bool] = False

    def reaches(self, person: User) -> bool:
        return bool(person.email)

    def hand_over(self, page: Page) -> Handed:
        subject, body = _said(page)
        mail = EmailMessage(subject, body, settings.EMAIL_FROM, [page.person.email])
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            raise _declined(max(code for code, _text in error.recipients.values())) from error
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            raise _declined(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelError(type(error).__name__, is_outage=True) from error
        return Handed(accepted=True)


def _declined(code: int) -> ChannelError:
    """The server's answer about this letter alone. 4xx means "not yet" (greylisting; RFC 5321, 4.2.1), 5xx "never"."""
    return ChannelError("refused", permanent=True) if code >= 500 else ChannelError("put_off")


def _said(page: Page) -> tuple[str, str]:
    """Subject (the template's first line) and body."""
    values = {
        "text": text_of(page).text,
        "ref": page.escalation.ref,
        "is_drill": page.escalation.is_drill,
        "link": link_for(page) if page.kind == PageKind.PAGE else "",
        "console": f"{settings.PUBLIC_BASE_URL}/admin/",
    }
    subject, _, body = render_to_string(f"escalation/page.{language_of(page.person)}.txt", values).partition("\n")
    return subject.strip(), body.strip() + "\n"
