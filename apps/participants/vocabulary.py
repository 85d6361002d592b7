"""Words about the people followed."""

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


class FollowUp(models.TextChoices):
    """Where a participant's follow-up stands. Four kinds of leaving are never merged."""

    ACTIVE = "active", _("active")
    FROZEN = "frozen", _("frozen: a death was reported")
    NO_CONTACT = "no_contact", _("wishes no contact")
    WITHDRAWN = "withdrawn", _("left the study")
    RECORDS_ONLY = "records_only", _("survival from records only")
    DEAD = "dead", _("dead")
    LOST = "lost", _("lost to follow-up")
