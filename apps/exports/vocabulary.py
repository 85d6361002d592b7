"""Words of the exports."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Why(models.TextChoices):
    """Why a cut is refused."""

    NO_FORMAT = "no_format", _("Choose at least one format.")
    UNKNOWN_FORMAT = "unknown_format", _("There is no such format.")
    NOT_ALLOWED = "not_allowed", _("You may not make or fetch a data cut.")
    NO_REASON = "no_reason", _("A data cut needs a reason.")
    FUTURE = "future", _("The as-of time lies in the future.")
    NO_CASE = "no_case", _("There is no confirmed adverse event with this case number.")
    EMPTY = "empty", _("There was no confirmed adverse event at that time; an empty cut is not made.")
    PARTIAL = "partial", _("The audit trail lacks an event, so the cut would be partial.")
    KEY_DESTROYED = "key_destroyed", _("The key of a participant's data was destroyed.")
    DOES_NOT_FIT = "does_not_fit", _("A value does not fit the format.")
    NO_SITE = "no_site", _("There is no such site.")
    FOLDER_IN_USE = (
        "folder_in_use",
        _("Another cut lies there already; a cut that was handed out is never overwritten."),
    )
