"""Words about the people followed."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sex(models.TextChoices):
    FEMALE = "F", _("female")
    MALE = "M", _("male")
    UNKNOWN = "U", _("unknown")


class Language(models.TextChoices):
    EN = "en", "English"
    ZH_HANS = "zh-Hans", "简体中文"


class ConsentKind(models.TextChoices):
    TRIAL = "trial", _("trial")
    SMS = "sms", _("text messages")


class ContactKind(models.TextChoices):
    PARTICIPANT = "participant", _("participant")
    CAREGIVER = "caregiver", _("caregiver")


class Standing(models.TextChoices):
    """Whether a number is known to be right and its owner to agree. An answer or a person says so, never the entry alone."""

    WAITING = "waiting", _("not confirmed yet")
    ANSWERED = "answered", _("confirmed by text")
    CHECKED = "checked", _("confirmed by a person")
    REFUSED = "refused", _("said no: not used")


CONFIRMED = frozenset({Standing.ANSWERED, Standing.CHECKED})


class FollowUp(models.TextChoices):
    """Where a participant's follow-up stands. Four kinds of leaving are never merged."""

    ACTIVE = "active", _("active")
    FROZEN = "frozen", _("frozen: a death was reported")
    NO_CONTACT = "no_contact", _("wishes no contact")
    WITHDRAWN = "withdrawn", _("left the study")
    RECORDS_ONLY = "records_only", _("survival from records only")
    DEAD = "dead", _("dead")
    LOST = "lost", _("lost to follow-up")


# Only a person moves anybody, with one exception: a text that reports a death freezes at once. The freeze never lifts alone.
MOVES: Mapping[str, frozenset[str]] = {
    FollowUp.ACTIVE: frozenset(FollowUp) - {FollowUp.ACTIVE},
    FollowUp.FROZEN: frozenset(FollowUp) - {FollowUp.FROZEN},
    FollowUp.NO_CONTACT: frozenset(FollowUp) - {FollowUp.NO_CONTACT},
    FollowUp.WITHDRAWN: frozenset({FollowUp.ACTIVE, FollowUp.RECORDS_ONLY, FollowUp.FROZEN, FollowUp.DEAD}),
    FollowUp.RECORDS_ONLY: frozenset(
        {FollowUp.ACTIVE, FollowUp.WITHDRAWN, FollowUp.FROZEN, FollowUp.DEAD, FollowUp.LOST}
    ),
    FollowUp.LOST: frozenset(FollowUp) - {FollowUp.LOST},
    FollowUp.DEAD: frozenset({FollowUp.ACTIVE}),
}
# Nobody here is contacted by plan.
LEFT = frozenset({FollowUp.NO_CONTACT, FollowUp.WITHDRAWN, FollowUp.RECORDS_ONLY, FollowUp.DEAD, FollowUp.LOST})
# Nothing at all is texted to any number of theirs, not even the emergency text: a person phones (clinical rule 5).
SILENT = frozenset({FollowUp.FROZEN, FollowUp.DEAD})


class PauseCode(models.TextChoices):
    """The pauses that the program itself begins or ends. Their names, owners and lengths stand in the trial file, with any others."""

    IN_HOSPITAL = "in_hospital"
    OPEN_SAE = "open_sae"
    TRANSPLANT = "transplant"
    NUMBER_CHECK = "number_check"
    DEATH_PATH = "death_path"


class PauseEnded(models.TextChoices):
    """Why a pause is over."""

    BACK_HOME = "back_home", _("they are home again")
    EXPIRED = "expired", _("its time was over")
    BY_PERSON = "by_person", _("ended by a person")
    NO_LONGER = "no_longer", _("what it stood for is over")


class ToldWas(models.TextChoices):
    """What came of an incident of the blinding, as far as somebody who stays blinded can say it."""

    GUESS = "guess", _("a guess or hearsay: they know nothing")
    KNOWS = "knows", _("somebody may know the arm: handled as the protocol says")
    NOT_ARM = "not_arm", _("not about an arm: masked in error")


class WhyNot(models.TextChoices):
    """Why a participant gets no unprompted text now."""

    FROZEN = "frozen", _("frozen: a death was reported")
    DEAD = "dead", _("dead")
    LEFT = "left", _("no longer followed by text")
    NO_CONSENT = "no_consent", _("no valid consent")
    NO_SMS_CONSENT = "no_sms_consent", _("no valid consent to text messages")
    NO_LINE = "no_line", _("no phone of their own on record")
    SUSPENDED = "suspended", _("number under check")
    CANNOT_READ = "cannot_read", _("cannot read texts")
    OPTED_OUT = "opted_out", _("stopped all texts")
    CARRIER_BLOCKED = "carrier_blocked", _("blocked by the carrier")
    UNCONFIRMED = "unconfirmed", _("nobody has confirmed this number")


class Rule(models.TextChoices):
    """Why an enrolment or a change is refused. `%(…)s` are the protocol's own limits."""

    NEEDED = "needed", _("This is needed.")
    CODE_FORMAT = "code_format", _("The code is the site's code, a hyphen and three digits, such as %(example)s.")
    CODE_TAKEN = "code_taken", _("This code is in use.")
    OTHER_TRIAL = "other_trial", _("This phase belongs to another trial.")
    PHASE_NOT_BEGUN = "phase_not_begun", _("This phase has not begun at that date.")
    TRIAL_CONSENT = "trial_consent", _("Enrolment needs a valid consent to the trial.")
    SMS_CONSENT = "sms_consent", _("Enrolment needs a valid consent to text messages.")
    CONSENT_IN_FUTURE = "consent_in_future", _("A consent cannot be dated in the future.")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("This consent was withdrawn: a new one is needed.")
    WITHDRAWN_BEFORE_GIVEN = "withdrawn_before_given", _("A consent cannot be withdrawn before it was given.")
    CONSENT_TWICE = "consent_twice", _("This consent is on record already.")
    NOT_A_MOBILE = "not_a_mobile", _("This number cannot be a mobile. Write it as + country code and number.")
    SAME_NUMBER = "same_number", _("This number is on record already for the same person.")
    AGE = "age", _("Age at consent must be %(age_min)s to %(age_max)s years, unless randomised in error.")
    COHORT_FULL = (
        "cohort_full",
        _("The trial has its %(enrolment)s participants; one more only if randomised in error."),
    )
    BIRTH_DATE = "birth_date", _("The birth date is after the consent.")
    DAY_ZERO_BEFORE_CONSENT = "day_zero_before_consent", _("Day 0 is before the consent to the trial.")
    DAY_ZERO_TOO_LATE = "day_zero_too_late", _("Day 0 is more than %(days)s days ahead, or after the end of follow-up.")
    SEND_TIME = "send_time", _("The hour must be one of %(times)s.")
    TIMEZONE = "timezone", _("There is no such time zone.")
    DEVIATION_NUMBER = "deviation_number", _("Randomised in error needs the deviation's number.")
    NOT_THE_PI = "not_the_pi", _("Only a principal investigator of this site may sign this.")
    SIGNATURE = "signature", _("The signature was refused: wrong password.")
    NEEDS_A_PERSON = "needs_a_person", _("Only a named person may do this.")
