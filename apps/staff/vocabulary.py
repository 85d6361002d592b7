"""Roles and what each may do. One table, read by pages, exports, API and paging alike."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    PRINCIPAL_INVESTIGATOR = "principal_investigator", _("Principal investigator")
    INVESTIGATOR = "investigator", _("Sub-investigator")
    COORDINATOR = "coordinator", _("Study coordinator")
    MONITOR = "monitor", _("Monitor (read only)")
    SPONSOR_SAFETY = "sponsor_safety", _("Sponsor safety")
    DUTY_DESK = "duty_desk", _("Duty desk (unknown numbers)")
    ADMINISTRATOR = "administrator", _("Administrator")


SITE_ROLES = frozenset({Role.PRINCIPAL_INVESTIGATOR, Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR})
TRIAL_ROLES = frozenset({Role.SPONSOR_SAFETY, Role.DUTY_DESK, Role.ADMINISTRATOR})


class Action(models.TextChoices):
    VIEW_PARTICIPANTS = "view_participants", _("See participants (coded)")
    VIEW_TEXTS = "view_texts", _("See participants' texts")
    VIEW_EVENTS = "view_events", _("See adverse events (coded)")
    VIEW_CONTACTS = "view_contacts", _("See masked phone numbers")
    ENROL = "enrol", _("Enrol and edit participants, consents and numbers")
    SEND = "send", _("Record contacts, calls and appointments")
    ACKNOWLEDGE = "acknowledge", _("Take a page and record the contact")
    DRAFT_EVENTS = "draft_events", _("Edit adverse events")
    CONFIRM_EVENTS = "confirm_events", _("Confirm, grade and assess adverse events")
    SIGN_ENROLMENT = "sign_enrolment", _("Sign an enrolment outside the criteria")
    CLOSE_SITE = "close_site", _("Sign that a site is closed")
    COUNTERSIGN_CLOSURE = "countersign_closure", _("Sign for the sponsor that a site is closed")
    VIEW_UNMATCHED = "view_unmatched", _("See texts of unknown numbers")
    MAKE_CUT = "make_cut", _("Make and download a blinded data cut")
    MANAGE_STAFF = "manage_staff", _("Manage staff accounts")
    VIEW_CONFIGURATION = "view_configuration", _("See the trial's configuration")
    VIEW_AUDIT = "view_audit", _("See the audit trail")
    SET_PAGING = "set_paging", _("Set who is paged, in what order, and by which robots")
    RUN = "run", _("See queues and system health")


class StaffRule(models.TextChoices):
    """Why an account or an assignment is refused."""

    MISSING = "missing", _("This is needed.")
    USERNAME_TAKEN = "username_taken", _("This sign-in name is taken.")
    PASSWORD = "password", _("The password is too short, too common or too much like the name.")
    NOT_A_MOBILE = "not_a_mobile", _("This number cannot be a mobile. Write it as + country code and number.")
    SITE_NEEDED = "site_needed", _("This role needs a site.")
    NO_SITE = "no_site", _("This role is for the whole trial, not for one site.")
    ENDS_BEFORE_START = "ends_before_start", _("The last day is before the first.")
    LENGTHENED = (
        "lengthened",
        _("A last day is only brought forward. Give the role anew: those who answer for it are then told."),
    )
    NOT_ONESELF = "not_oneself", _("Nobody gives a role to themselves: another administrator does it.")
    SAME_PASSWORD = "same_password", _("This is the password that you have: choose another.")
    NOT_THE_CODE = "not_the_code", _("This is not the code that was sent to the e-mail address of the account.")
