"""How the theme is set: our own style sheet, the two languages, and a menu that shows what the person may open."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from apps.staff.vocabulary import Action
from apps.workplace import duty, paging
from apps.workplace.scoped import scope_in


def _with(*rights: Action) -> Any:
    return lambda request: any(scope_in(request).may(right) for right in rights)


def _item(title: Any, icon: str, page: str, *rights: Action) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{page}"), "permission": _with(*rights)}


def _list(model: str) -> str:
    return f"{model}_changelist"


def menu(_request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar; items that this person may not open are left out by the theme."""
    return [
        {
            "title": _("Work"),
            "items": [
                {"title": _("Needs me now"), "icon": "notifications_active", "link": reverse_lazy("admin:index")},
                _item(_("Adverse events"), "emergency", _list("safety_adverseevent"), Action.VIEW_EVENTS),
                _item(_("Pages"), "sms", _list("escalation_escalation"), Action.ACKNOWLEDGE),
                _item(_("On call"), "calendar_clock", "duty")
                | {"permission": lambda request: duty.may_open(scope_in(request))},
                _item(_("Tasks"), "task_alt", _list("conversations_task"), Action.SEND, Action.VIEW_UNMATCHED),
                _item(
                    _("Texts of unknown numbers"),
                    "contact_support",
                    _list("messaging_inboundmessage"),
                    Action.VIEW_UNMATCHED,
                ),
                _item(_("Participants"), "group", _list("participants_participant"), Action.VIEW_PARTICIPANTS),
                _item(_("Check-ins"), "event_repeat", _list("followup_checkin"), Action.VIEW_PARTICIPANTS),
                _item(_("Searches"), "person_search", _list("followup_search"), Action.VIEW_TEXTS),
                _item(
                    _("Blinding incidents"),
                    "visibility_off",
                    _list("participants_armtold"),
                    Action.VIEW_PARTICIPANTS,
                    Action.VIEW_UNMATCHED,
                ),
                _item(_("Data cuts"), "lab_profile", _list("exports_datacut"), Action.MAKE_CUT),
            ],
        },
        {
            "title": _("Set-up"),
            "items": [
                _item(_("Paging"), "account_tree", "paging")
                | {"permission": lambda request: paging.may_open(scope_in(request))},
                _item(_("Staff"), "badge", _list("staff_user"), Action.MANAGE_STAFF),
                _item(_("Sites"), "home_health", _list("trials_site"), Action.VIEW_CONFIGURATION),
                _item(_("Protocol"), "description", _list("trials_protocolversion"), Action.VIEW_CONFIGURATION),
                _item(_("Audit trail"), "history", _list("audit_auditevent"), Action.VIEW_AUDIT),
                _item(_("System"), "monitor_heart", "system", Action.RUN),
            ],
        },
    ]


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "trialcare",
    "SITE_HEADER": "trialcare",
    "SITE_SUBHEADER": "NCT06884904",
    "SITE_SYMBOL": "ecg_heart",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "BORDER_RADIUS": "6px",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("workplace/favicon.svg")}],
    "STYLES": [lambda _: static("workplace/workplace.css")],
    "SCRIPTS": [lambda _: static("workplace/now.js")],
    "COLORS": {
        "primary": {
            "50": "240 253 250",
            "100": "204 251 241",
            "200": "153 246 228",
            "300": "94 234 212",
            "400": "45 212 191",
            "500": "20 160 148",
            "600": "12 113 106",
            "700": "14 98 93",
            "800": "17 84 80",
            "900": "19 70 67",
            "950": "4 47 46",
        }
    },
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": menu},
}
