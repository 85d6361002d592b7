"""A protocol file as frozen values. Field names are the file's own keys; the file's comments say what each means.

Times of day are local to the participant's site, lengths carry their unit in the name, `day` counts from day 0.
"""

from dataclasses import dataclass, field
from datetime import date, time, timedelta

from apps.trials.protocol_paging import Chain, ContactDeadline, Drills
from apps.trials.vocabulary import (
    ArmKind,
    MissedStep,
    PauseContact,
    PauseEnd,
    ReminderWhen,
    SearchStep,
    Status,
    VisitMode,
    Weekday,
    Who,
)


@dataclass(frozen=True)
class TrialFacts:
    """Public facts of the registration."""

    title_en: str
    title_zh: str
    sponsor: str
    sponsor_role: str
    sponsor_class: str
    condition: str
    design: str
    masking: tuple[str, ...]
    recruitment_status: str
    record_updated: date
    enrolment: int
    start: date
    primary_completion: date
    completion: date


@dataclass(frozen=True)
class Eligibility:
    """Ages are completed years at consent, both inclusive."""

    age_min: int
    age_max: int
    sex: str
    healthy_volunteers: bool


@dataclass(frozen=True)
class ArmFacts:
    code: str
    name_en: str
    name_zh: str
    kind: ArmKind
    dose: str


@dataclass(frozen=True)
class PhaseFacts:
    """`ratio` has one number for each arm, in the arms' order. Without `effective_from` the phase has not begun."""

    code: str
    name_en: str
    name_zh: str
    ratio: tuple[int, ...]
    arms: tuple[ArmFacts, ...]
    effective_from: date | None = None


@dataclass(frozen=True)
class SiteFacts:
    code: str
    name_en: str
    name_zh: str
    country: str
    timezone: str
    team_phone: str
    emergency_number: str
    crisis_number: str = ""
    callback_minutes_r2: int | None = None  # a doctor calls within so many; without it no time is promised
    synthetic: bool = False


@dataclass(frozen=True)
class Window:
    """The days on which unprompted texts may leave, both inclusive. `exempt` texts may leave on any day."""

    start: date = field(metadata={"key": "from"})
    end: date = field(metadata={"key": "to"})
    exempt: tuple[str, ...]
    last_text: str

    def covers(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True)
class QuietHours:
    """From `start` (inclusive) to `end` (exclusive) nothing unprompted leaves. `times` may be chosen; the first is the default."""

    start: time
    end: time
    times: tuple[time, ...]
    jitter_minutes: int
    open_emergency_exempt: tuple[str, ...] = ()

    def covers(self, local: time) -> bool:
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True)
class Night:
    list_at: time
    call_by: time
    unanswered_minutes: int


@dataclass(frozen=True)
class VisitFacts:
    """`window_days` is (days before as a number not above 0, days after)."""

    code: str
    name_en: str
    name_zh: str
    day: int
    window_days: tuple[int, int]
    mode: VisitMode
    reminders: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class CalendarContact:
    code: str
    name_en: str
    name_zh: str
    date: date
    window_days: tuple[int, int]
    note: str = ""


@dataclass(frozen=True)
class Merging:
    within_days: int


@dataclass(frozen=True)
class CheckInRuleFacts:
    """One stretch of days, both inclusive. `every_weeks` counts from the week of `Cadence.parity_anchor`: week 0 sends."""

    code: str
    name_en: str
    name_zh: str
    day_from: int
    day_to: int
    weekdays: tuple[Weekday, ...]
    every_weeks: int
    send_at: time
    message: str
    discreet_message: str
    low_risk_every_weeks: int | None = None
    note: str = ""

    @property
    def weekday_numbers(self) -> frozenset[int]:
        """As `date.weekday()` counts: Monday is 0."""
        return frozenset(list(Weekday).index(day) for day in self.weekdays)


@dataclass(frozen=True)
class Cadence:
    parity_anchor: date
    catch_up_after_days: int
    floor_days: int
    question_expires_hours: int
    low_risk_clean_weeks: int
    low_risk_misses_before_call: int


@dataclass(frozen=True)
class MissedReplyStep:
    """`after_minutes` counts from the check-in. The other times move the step; `tell` are the roles that hear of it."""

    code: str
    after_minutes: int
    does: MissedStep
    messages: tuple[str, ...] = ()
    tell: tuple[Who, ...] = ()
    next_day_at: time | None = None
    not_before: time | None = None
    working_day: bool = False
    when_quiet_at: time | None = None
    when_quiet_skip: str = ""


@dataclass(frozen=True)
class FastTrack:
    checkins: tuple[str, ...]
    after_urgent_days: int
    severity_from: int
    steps: tuple[MissedReplyStep, ...]


@dataclass(frozen=True)
class Undelivered:
    call_within_hours: int
    failures: int
    in_days: int


@dataclass(frozen=True)
class ReminderRule:
    message: str
    days_before: int
    at: time
    needs_appointment: bool
    only_if: ReminderWhen = ReminderWhen.ANY
    weekdays: tuple[Weekday, ...] = ()

    def leaves_on(self, day: date) -> bool:
        """Without weekdays on every day."""
        return not self.weekdays or list(Weekday)[day.weekday()] in self.weekdays


@dataclass(frozen=True)
class Reminders:
    appointment_task_days_before: int
    rules: tuple[ReminderRule, ...]
    plan_not_done: int = 2
    plan_unanswered: int = 3
    test_unanswered_hours: int = 48


@dataclass(frozen=True)
class Pause:
    code: str
    name_en: str
    name_zh: str
    owner: Who
    contact: PauseContact
    every_days: int
    expires_days: int
    at_expiry: PauseEnd
    messages: tuple[str, ...]
    tell: tuple[Who, ...] = ()
    first_within_working_days: int | None = None


@dataclass(frozen=True)
class AfterDischarge:
    checkins: str
    days: int


@dataclass(frozen=True)
class SearchStage:
    code: str
    day_from: int
    day_to: int
    does: SearchStep
    calls: int = 0
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Holiday:
    date: date
    name_en: str
    name_zh: str
    days: int = 1
    no_reminder_days: int = 0


@dataclass(frozen=True)
class ConversationLimits:
    emergency_text_gap_minutes: int
    emergency_check_after_minutes: int
    emergency_no_reach_after_minutes: int
    automatic_questions: int
    automatic_questions_with_r1: int
    gap_seconds: int
    progress_hours: tuple[int, ...]
    visit_change_days: int
    visit_change_call_after_minutes: int


@dataclass(frozen=True)
class ClosureFacts:
    """A site is closed so many days after the window at the earliest; its number is kept so many days after that."""

    not_before_days: int = 30
    keep_number_days: int = 180


@dataclass(frozen=True)
class ReportingFacts:
    """So many hours after the text a serious event is to have reached the sponsor; an investigator judges it by then."""

    sponsor_within_hours: int = 24


@dataclass(frozen=True)
class TriageFacts:
    """`wake_ups_per_week`: chains that may ring one site by night in seven nights before people talk about it; it holds back
    nothing. `watch_silent_sign`: whether a change in how a participant answers is brought to a person."""

    wake_ups_per_week: int = 3
    watch_silent_sign: bool = False


@dataclass(frozen=True)
class DeathPath:
    read_within_minutes: int
    tell: tuple[Who, ...]
    family_call_from: time


@dataclass(frozen=True)
class Protocol:
    """The whole file. `chains` has the keys R1, R2, R3 and unmatched."""

    registration: str
    version: str
    effective_from: date
    status: Status
    languages: tuple[str, ...]
    timezone: str
    trial: TrialFacts
    eligibility: Eligibility
    phases: tuple[PhaseFacts, ...]
    sites: tuple[SiteFacts, ...]
    emergency_numbers: dict[str, str]
    crisis_numbers: dict[str, str]
    window: Window
    quiet_hours: QuietHours
    night: Night
    visits: tuple[VisitFacts, ...]
    calendar_contacts: tuple[CalendarContact, ...]
    merging: Merging
    checkins: tuple[CheckInRuleFacts, ...]
    cadence: Cadence
    missed_reply: tuple[MissedReplyStep, ...]
    fast_track: FastTrack
    undelivered: Undelivered
    reminders: Reminders
    pauses: tuple[Pause, ...]
    after_discharge: AfterDischarge
    lost_to_follow_up: tuple[SearchStage, ...]
    holidays: tuple[Holiday, ...]
    conversation: ConversationLimits
    death: DeathPath
    contact: ContactDeadline
    drills: Drills
    chains: dict[str, Chain]
    triage: TriageFacts = TriageFacts()
    closure: ClosureFacts = ClosureFacts()
    reporting: ReportingFacts = ReportingFacts()

    def checkin_rule_on(self, day: int) -> CheckInRuleFacts | None:
        """The rule for a day counted from day 0; None before day 0 and after the last rule."""
        return next((rule for rule in self.checkins if rule.day_from <= day <= rule.day_to), None)

    @property
    def holiday_dates(self) -> frozenset[date]:
        """Every day of every public holiday."""
        return frozenset(each.date + timedelta(days=later) for each in self.holidays for later in range(each.days))
