"""How following somebody ends: the last text when the window ends, and the search for somebody who cannot be reached."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import states
from apps.core.work import WorkRow
from apps.messaging.models import OutboundMessage
from apps.participants.models import ContactPoint, Participant
from apps.staff.models import Signature, User
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey


class FarewellState(models.TextChoices):
    PLANNED = "planned", _("planned")
    SENT = "sent", _("sent")
    SKIPPED = "skipped", _("not sent")


class Farewell(WorkRow):
    """The last text of the window to one participant: once, by day, on the window's last day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.OneToOneField(
        Participant, on_delete=models.PROTECT, related_name="farewell", verbose_name=_("participant")
    )
    planned_at = models.DateTimeField(_("planned"))
    state = models.CharField(_("state"), max_length=10, choices=FarewellState.choices, default=FarewellState.PLANNED)
    skipped_because = models.CharField(_("because"), max_length=40, blank=True)
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(_("sent"), null=True)

    held_under: ClassVar[str] = "participant"

    class Meta(WorkRow.Meta):
        verbose_name = _("last text")
        verbose_name_plural = _("last texts")
        constraints = [states.known_states("state", FarewellState, name="farewell_state_known")]

    def __str__(self) -> str:
        return str(self.id)


class SearchState(models.TextChoices):
    RUNNING = "running", _("being searched for")
    LOST = "lost", _("recorded as lost")
    FOUND = "found", _("found")
    ENDED = "ended", _("ended: nobody is to be searched for")


class Search(WorkRow):
    """The search for one participant, from the first missed contact on. Its row is due whenever a step or a look is.

    Who is recorded as lost is searched for again at each calendar contact, so the row goes on until somebody is found.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="searches", verbose_name=_("participant")
    )
    missed_on = models.DateField(_("first missed contact"))
    state = models.CharField(_("state"), max_length=10, choices=SearchState.choices, default=SearchState.RUNNING)
    began_at = models.DateTimeField(_("began"))
    began_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lost_at = models.DateTimeField(_("recorded as lost"), null=True)
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    held_under: ClassVar[str] = "participant"

    class Meta(WorkRow.Meta):
        verbose_name = _("search")
        verbose_name_plural = _("searches")
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant"], condition=Q(state__in=["running", "lost"]), name="one_search_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="lost") | Q(lost_at__isnull=False, signature__isnull=False), name="lost_is_signed"
            ),
            states.known_states("state", SearchState, name="search_state_known"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Way(models.TextChoices):
    """By which way somebody tried to learn of a participant."""

    PARTICIPANT = "participant", _("call to the participant")
    CAREGIVER = "caregiver", _("call to the caregiver")
    NAMED = "named", _("contact named in the consent")
    LETTER = "letter", _("registered letter")
    RECORDS = "records", _("records: hospital, insurance, registry")


CALLS = frozenset({Way.PARTICIPANT, Way.CAREGIVER})


class Learnt(models.TextChoices):
    """What an attempt has brought. Vital status counts, not whether a phone is silent."""

    NOTHING = "nothing", _("no answer, nothing found")
    WORD_LEFT = "word_left", _("word or letter left, no news yet")
    WRONG = "wrong", _("wrong number or address")
    ALIVE = "alive", _("alive")
    TRANSPLANTED = "transplanted", _("alive, transplanted")
    IN_HOSPITAL = "in_hospital", _("alive, in hospital")
    DEAD = "dead", _("dead")


ALIVE = frozenset({Learnt.ALIVE, Learnt.TRANSPLANTED, Learnt.IN_HOSPITAL})


class SearchAttempt(models.Model):
    """One attempt, a source record: who, when, which number, what came of it, and the words said. Rows are only added."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    search = models.ForeignKey(Search, on_delete=models.PROTECT, related_name="tries")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made"))
    recorded_at = models.DateTimeField(_("recorded"))
    way = models.CharField(_("way"), max_length=12, choices=Way.choices)
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, null=True, related_name="+")
    learnt = models.CharField(_("what came of it"), max_length=12, choices=Learnt.choices)
    alive_on = models.DateField(_("known alive on"), null=True)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    words = SealedTextField(_("words said, or source"))

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["made_at", "recorded_at"]

    def __str__(self) -> str:
        return str(self.id)
