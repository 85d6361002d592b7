"""The words that a protocol file may use. Pure: no Django."""

from enum import StrEnum


class Status(StrEnum):
    PROPOSAL = "proposal"
    APPROVED = "approved"


class Who(StrEnum):
    """Whom a step of a chain, a task or a notice reaches. The rota says who that is today."""

    INVESTIGATOR_ON_CALL = "investigator_on_call"
    SECOND_ON_CALL = "second_on_call"
    PRINCIPAL_INVESTIGATOR = "principal_investigator"
    SUB_INVESTIGATOR = "sub_investigator"
    LEAD_COORDINATOR = "lead_coordinator"
    COORDINATOR = "coordinator"
    DUTY_DOCTOR = "duty_doctor"
    DUTY_DESK = "duty_desk"
    SPONSOR_MONITOR = "sponsor_monitor"


# Roles of the whole trial: the only ones that a text from an unknown number, which has no site, can reach.
TRIAL_WIDE = frozenset({Who.DUTY_DESK, Who.DUTY_DOCTOR, Who.SPONSOR_MONITOR})


class Channel(StrEnum):
    """How a page travels. Closed, because a misspelt channel in a chain would be a page that nobody gets."""

    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    WEBHOOK = "webhook"
    CONSOLE = "console"


# The channels that wake a person.
WAKING = frozenset({Channel.SMS, Channel.VOICE})


class ChainTask(StrEnum):
    """What the person of a step is asked to do besides taking the page."""

    CALL = "call_participant_then_caregiver"
    WELFARE_CHECK = "decide_welfare_check"


class ChainHours(StrEnum):
    """When a chain runs: at any hour, at night only for items that carry `night_page`, or in working hours."""

    ALWAYS = "always"
    NIGHT_PAGE = "night_page"
    WORKING = "working"


class Weekday(StrEnum):
    MON = "Mon"
    TUE = "Tue"
    WED = "Wed"
    THU = "Thu"
    FRI = "Fri"
    SAT = "Sat"
    SUN = "Sun"


class ArmKind(StrEnum):
    EXPERIMENTAL = "experimental"
    PLACEBO = "placebo"


class VisitMode(StrEnum):
    SITE = "site"
    SITE_OR_PHONE = "site_or_phone"


class MissedStep(StrEnum):
    """What a step after a missed check-in does."""

    TEXT = "text"
    CALL = "call"
    TELL = "tell"
    WELFARE_CHECK = "decide_welfare_check"
    LOST_TO_FOLLOW_UP = "start_lost_to_follow_up"


class SearchStep(StrEnum):
    """What a step of the search for a lost participant does."""

    CALL = "call"
    SECOND_CONTACT = "contact_named_in_consent"
    LETTER = "registered_letter"
    VITAL_STATUS = "vital_status_search"
    RECORD = "record_lost"


class ReminderWhen(StrEnum):
    """The condition of a reminder, empty for none."""

    ANY = ""
    FASTING = "fasting"
    NOT_RECORDED = "not_recorded"
    WINDOW_OPENS = "window_opens"
    OPTED_IN = "opted_in"


class PauseContact(StrEnum):
    """The form that safety contact takes during a pause."""

    CAREGIVER_OR_CALL = "caregiver_or_call"
    PROGRESS = "progress_questions"
    CALL = "call"
    NONE = "none"


class PauseEnd(StrEnum):
    """What happens when a pause expires."""

    CALL = "call"
    INVESTIGATOR = "investigator_decides"
    SITE = "site_decides"
    LIST = "list_again"
    NORMAL = "normal_cadence"
