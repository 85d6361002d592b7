"""One text in, the right thing done, the right answer out."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.conversations.models_closure import Closure as Closure
from apps.conversations.vocabulary import CallState, QuestionState, TaskKind
from apps.core.work import WorkRow
from apps.escalation.models import ContactRecord, Escalation
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.participants.models import ContactPoint, Participant, Visit
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from apps.triage.models import SymptomReport
from apps.trials.models import Site


class Question(WorkRow):
    """A question that was texted and what was answered. One open question a line: a digit answers only the newest.

    Due when silence must act; null where silence is followed by somebody else (a check-in) or by nobody. A question of the interview
    knows which decision and which item of the catalogue it asks about. A changed mind is a row of its own: an answer is never replaced.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="questions")
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, null=True, related_name="questions")
    report = models.ForeignKey(SymptomReport, on_delete=models.PROTECT, null=True, related_name="questions")
    item = models.CharField(max_length=40, blank=True, default="", db_default="")
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, related_name="+")
    wording = models.CharField(max_length=40)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=QuestionState.choices, default=QuestionState.OPEN)
    answer = models.CharField(
        max_length=12, blank=True
    )  # digits or a letter of the list, a number, a date: never free text
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(InboundMessage, on_delete=models.PROTECT, null=True, related_name="+")

    held_under: ClassVar[str] = "participant"

    class Meta(WorkRow.Meta):
        constraints = [models.UniqueConstraint(fields=["line"], condition=Q(state="open"), name="one_open_question")]

    def __str__(self) -> str:
        return str(self.id)


class Turn(WorkRow):
    """The courtesy answer to one text, in order per line. Safety work never waits for it: it is done before this row exists."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.OneToOneField(InboundMessage, on_delete=models.PROTECT, related_name="turn")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, null=True, related_name="turns")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, null=True, related_name="turns")
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, null=True, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+")
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, null=True, related_name="turns")
    report = models.ForeignKey(SymptomReport, on_delete=models.PROTECT, null=True, related_name="+")
    command = models.CharField(max_length=20, blank=True)
    reply_wording = models.CharField(max_length=40, blank=True)
    reply_values = models.JSONField(
        default=dict
    )  # references, codes and times that the answer names, never health data
    reply_language = models.CharField(max_length=8, blank=True)
    reply = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, null=True, related_name="+")
    arrived_at = models.DateTimeField()

    # Oldest first per line; a quarantined turn holds nobody back.
    in_turn = """NOT EXISTS (
        SELECT 1 FROM conversations_turn AS older
        WHERE older.line_id = this.line_id AND older.arrived_at < this.arrived_at
        AND older.due_at IS NOT NULL AND older.quarantined_at IS NULL
    )"""

    class Meta(WorkRow.Meta):
        verbose_name = _("turn of a conversation")
        verbose_name_plural = _("turns of conversations")

    def __str__(self) -> str:
        return str(self.id)


class Task(WorkRow):
    """Work for a person: what, about whom, by when, and who did it. It stays until a named person closes it.

    Every promise made in a text is one of these. Its row is due at the deadline: then an escalation runs until somebody has acted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(_("to do"), max_length=16, choices=TaskKind.choices)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="tasks", verbose_name=_("site"))
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, null=True, related_name="tasks", verbose_name=_("participant")
    )
    message = models.ForeignKey(InboundMessage, on_delete=models.PROTECT, null=True, related_name="+")
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, null=True, related_name="tasks")
    call = models.ForeignKey("PhoneCall", on_delete=models.PROTECT, null=True, related_name="tasks")
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, related_name="tasks", verbose_name=_("visit"))
    # What runs because the deadline has passed, or because of the call that nobody could answer.
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, null=True, related_name="tasks")
    created_at = models.DateTimeField(_("since"))
    deadline = models.DateTimeField(_("by"))
    done_at = models.DateTimeField(_("done"), null=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("done by"))
    result = models.CharField(_("result"), max_length=200, blank=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True)
                | Q(done_at__isnull=False, done_by__isnull=False),
                name="task_done_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class PhoneCall(WorkRow):
    """Somebody phoned our number: who, as far as the phone tells, whom it was put through to, and that it is not forgotten.

    Its row is due while the call may still ring: a call whose end nobody reports counts as missed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider_id = models.CharField(max_length=40, unique=True)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, null=True, related_name="calls")
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, null=True, related_name="calls", verbose_name=_("participant")
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("site"))
    state = models.CharField(_("state"), max_length=10, choices=CallState.choices, default=CallState.RINGING)
    people = models.JSONField(default=list)  # ids of those whom it is put through to, in this order
    began_at = models.DateTimeField(_("at"))
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )

    class Meta(WorkRow.Meta):
        verbose_name = _("phone call")
        verbose_name_plural = _("phone calls")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_by__isnull=False), name="call_answered_by_somebody"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class CallAttempt(WorkRow):
    """A call of ours that nobody answered: whom, by whom, when, and the task that is the promise of the next one. Never changed.

    Its row is due while a text about the call may still have to leave. `task` is the call that was to be made, `contact` the record of
    an escalation that says so.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="call_attempts", verbose_name=_("participant")
    )
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))
    at = models.DateTimeField(_("at"))
    is_urgent = models.BooleanField(_("about an open R1 or R2"), default=False)
    task = models.OneToOneField(Task, on_delete=models.PROTECT, null=True, related_name="attempt")
    contact = models.ForeignKey(ContactRecord, on_delete=models.PROTECT, null=True, related_name="+")
    again = models.OneToOneField(Task, on_delete=models.PROTECT, related_name="promised_by")

    class Meta(WorkRow.Meta):
        verbose_name = _("call that nobody answered")
        verbose_name_plural = _("calls that nobody answered")

    def __str__(self) -> str:
        return str(self.id)


class DowntimeKit(models.Model):
    """A downtime kit was made: for which site, for whom, when, and until when it holds. The paper itself is kept nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))
    made_at = models.DateTimeField(_("made"))
    valid_until = models.DateTimeField(_("valid until"))

    class Meta:
        verbose_name = _("downtime kit")
        verbose_name_plural = _("downtime kits")

    def __str__(self) -> str:
        return str(self.id)


class Drift(models.Model):
    """The way a participant answers has changed. `signs` says how: names, counts and minutes, never words."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="drifts")
    noticed_at = models.DateTimeField(_("noticed"))
    signs = models.JSONField(default=list)
    task = models.OneToOneField(Task, on_delete=models.PROTECT, null=True, related_name="drift")

    class Meta:
        verbose_name = _("change of habit")
        verbose_name_plural = _("changes of habit")

    def __str__(self) -> str:
        return str(self.id)


class SecondReading(WorkRow):
    """A text that the rules let pass, to be read once more by an outside reader. It can only bring the text to a person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.OneToOneField(SymptomReport, on_delete=models.PROTECT, related_name="second_reading")
    reader = models.CharField(max_length=20, blank=True)
    wants_a_person = models.BooleanField(null=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("second reading")
        verbose_name_plural = _("second readings")

    def __str__(self) -> str:
        return str(self.id)


class Arrival(WorkRow):
    """What one turn has said is looked after until it is known to have reached the phone, or not."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    turn = models.OneToOneField(Turn, on_delete=models.PROTECT, related_name="arrival")
    looks = models.PositiveSmallIntegerField(default=0)

    held_under: ClassVar[str] = "turn__participant"

    def __str__(self) -> str:
        return str(self.id)
