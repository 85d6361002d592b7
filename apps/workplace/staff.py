"""Staff accounts, for the administrator: who they are, where they work, and how they are reached (masked)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.staff import services
from apps.staff.models import SiteAssignment, User
from apps.staff.vocabulary import SITE_ROLES, Action, Role
from apps.trials.models import Site
from apps.workplace import trail
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.forms import AboutForm, AddForm, DayField, NewPasswordField
from apps.workplace.scoped import moment

_LANGUAGES = [("zh-Hans", "简体中文"), ("en", "English")]


class StaffForm(AddForm):
    username = forms.CharField(label=_("Sign-in name"), max_length=150)
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("As colleagues read it in pages and texts."))
    email = forms.EmailField(label=_("E-mail"))
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES)
    number = forms.CharField(
        label=_("Mobile number"), max_length=20, required=False, help_text=_("+ country code and number")
    )
    password = NewPasswordField(label=_("First password"))
    expires_on = DayField(label=_("Account expires on"), required=False)


class PhoneForm(AboutForm):
    number = forms.CharField(
        label=_("Mobile number"), max_length=20, required=False, help_text=_("Empty takes the number away.")
    )


class PasswordForm(AboutForm):
    password = NewPasswordField(label=_("New password"))


class AssignForm(AboutForm):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.all(), required=False)
    on_call_position = forms.IntegerField(
        label=_("On-call position"), min_value=1, max_value=99, required=False, help_text=_("1 is paged first.")
    )
    starts_on = DayField(label=_("From"), required=False)
    ends_on = DayField(label=_("Until"), required=False)


class AssignmentChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: SiteAssignment) -> str:
        return f"{obj.get_role_display()} · {obj.site.code if obj.site else '–'}"


class EndAssignmentForm(AboutForm):
    assignment = AssignmentChoice(label=_("Assignment"), queryset=SiteAssignment.objects.none())
    ends_on = DayField(label=_("Last day"))

    def prepare(self) -> None:
        self.fields["assignment"].queryset = self.about.assignments.select_related("site")  # type: ignore[attr-defined]


class EndNowForm(AboutForm):
    assignment = AssignmentChoice(label=_("Assignment"), queryset=SiteAssignment.objects.none())

    def prepare(self) -> None:
        lasting = _lasting(self.about).select_related("site")
        self.fields["assignment"].queryset = lasting  # type: ignore[attr-defined]


class ReopenForm(AboutForm):
    expires_on = DayField(label=_("Account expires on"), required=False)


def _set_phone(it: Doing) -> Any:
    services.set_phone(user=it.row, number=it.said["number"])
    return _("The number is on record.")


def _set_password(it: Doing) -> Any:
    services.set_password(user=it.row, password=it.said["password"])
    if it.row == it.person:
        return _("The password is changed. Other login sessions of this person end.")
    return _(
        "The password is changed, and this person is told by whom. Their other login sessions end; they sign once it is their own."
    )


def _assign(it: Doing) -> Any:
    given = services.assign(user=it.row, **it.said | {"role": Role(it.said["role"])})
    if told := services.overseers(given, by=it.person):
        return _("The assignment is made. Told of it by e-mail: %s.") % ", ".join(person.name for person in told)
    return _("The assignment is made. Nobody is there to be told of it: no principal investigator, no sponsor safety.")


def _end_assignment(it: Doing) -> Any:
    services.end_assignment(assignment=it.said["assignment"], ends_on=it.said["ends_on"])
    return _("The assignment has its last day.")


def _end_at_once(it: Doing) -> Any:
    services.end_at_once(assignment=it.said["assignment"])
    return _("Ended: it gives no right from now on.")


def _close(it: Doing) -> Any:
    services.close_account(user=it.row)
    return _("The account is closed.")


def _reopen(it: Doing) -> Any:
    services.reopen_account(user=it.row, expires_on=it.said["expires_on"])
    return _("The account is open.")


def _is_open(row: User) -> bool:
    return row.is_active


def _is_closed(row: User) -> bool:
    return not row.is_active


def _has_assignment(row: User) -> bool:
    return row.assignments.exists()


def _lasting(row: User) -> QuerySet[SiteAssignment]:
    """Assignments that count today or will."""
    return row.assignments.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=services.today()))


def _has_lasting(row: User) -> bool:
    return _lasting(row).exists()


_RIGHT = Action.MANAGE_STAFF


class OpenFilter(admin.SimpleListFilter):
    title = _("account open")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("open")), ("no", _("closed"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(is_active=self.value() == "yes")


class StaffAdmin(CardAdmin):
    """Accounts of the whole trial."""

    right = _RIGHT
    site_path = None
    card_template = "workplace/staff.html"
    list_display = (
        "username",
        "name",
        "where",
        "language",
        "phone_masked",
        "account_open",
        moment("expires_on", _("expires on")),
    )
    list_filter = (OpenFilter,)
    lookups = frozenset({"open"})
    search_fields = ("username", "name")
    ordering = ("username",)
    add_form = StaffForm
    add_right = _RIGHT
    add_label = _("New account")
    acts = (
        Act("assign", _("Assign a role"), _RIGHT, _assign, AssignForm, _is_open),
        Act("end", _("End an assignment"), _RIGHT, _end_assignment, EndAssignmentForm, _has_assignment),
        Act("end_now", _("End an assignment at once"), _RIGHT, _end_at_once, EndNowForm, _has_lasting),
        Act("phone", _("Change the phone"), _RIGHT, _set_phone, PhoneForm),
        Act("password", _("Set a new password"), _RIGHT, _set_password, PasswordForm, _is_open),
        Act("close", _("Close the account"), _RIGHT, _close, when=_is_open),
        Act("reopen", _("Open the account again"), _RIGHT, _reopen, ReopenForm, _is_closed),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("assignments__site")

    @admin.display(description=_("works as"))
    def where(self, row: User) -> str:
        found = [f"{each.get_role_display()} {each.site.code if each.site else ''}" for each in row.assignments.all()]
        return ", ".join(sorted(each.strip() for each in found))

    @admin.display(description=_("account open"), boolean=True)
    def account_open(self, row: User) -> bool:
        return row.is_active

    @admin.display(description=_("mobile phone"))
    def phone_masked(self, row: User) -> str:
        return row.masked_phone

    def add_row(self, request: HttpRequest, cleaned: dict[str, Any]) -> User:
        return services.create_staff(**cleaned)

    def card_context(self, request: HttpRequest, row: User) -> dict[str, Any]:
        assignments = list(row.assignments.select_related("site").order_by("-starts_on"))
        return {
            "title": row.name,
            "entered": trail.entered(row),
            "assignments": [(each, trail.entered(each)) for each in assignments],
            "site_roles": SITE_ROLES,
        }


admin.site.register(User, StaffAdmin)
