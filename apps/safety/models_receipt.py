"""The promise that the sponsor takes a confirmed serious event in time, or that people hear that it has not."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.work import WorkRow
from apps.safety.vocabulary import ReceiptEnd
from apps.staff.models import User


class SponsorReceipt(WorkRow):
    """One confirmed serious event, waited for until somebody who acts for the sponsor has fetched a cut that tells it.

    `since` is when the record first called it confirmed and as serious as it is now: an older cut does not tell it. It is no day 0, which
    a page or a monitor's look begins: neither of them puts the case into the hands of the sponsor's safety people. The row stands on this
    floor so that the judgement can begin it; the floor that keeps tasks handles it.
    """

    event = models.OneToOneField(
        "safety.AdverseEvent", on_delete=models.PROTECT, primary_key=True, related_name="receipt"
    )
    since = models.DateTimeField(_("since"))
    deadline = models.DateTimeField(_("by"))
    told_at = models.DateTimeField(_("told that it is late"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_because = models.CharField(_("because"), max_length=11, choices=ReceiptEnd.choices, blank=True)
    # Who fetched it or judged it anew; nobody where a command wrote a cut into a folder.
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(WorkRow.Meta):
        verbose_name = _("receipt by the sponsor")
        verbose_name_plural = _("receipts by the sponsor")

    def __str__(self) -> str:
        return str(self.event_id)
