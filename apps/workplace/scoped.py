"""The wall: what anybody sees on any page of the workplace is what this base lets through.

Stock admin pages leak in ways that were measured: filters on hidden fields, related filters, foreign-key selects, writes with another
site's key, the admin's own log. Every class of the registry derives from `ScopedModelAdmin`; a system check refuses any other.
Rows are written by the services of the lower floors only: nothing here saves a model form, and nothing is ever deleted.
"""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets, SimpleListFilter, display
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.db.models import Model, Q, QuerySet
from django.forms import Field as FormField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from apps.staff.models import User
from apps.staff.rules import Scope, scope_of
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.trials.models import Site


def scope_in(request: HttpRequest) -> Scope:
    """What the signed-in person may do where; asked of the database once a request."""
    known = getattr(request, "_scope", None)
    if known is None:
        known = scope(request.user) if isinstance(request.user, User) else scope_of([])
        request._scope = known  # type: ignore[attr-defined]
    return known


def person_in(request: HttpRequest) -> User:
    """The signed-in person. Raises PermissionDenied when there is none."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class ScopedChangeList(ChangeList):  # type: ignore[misc]
    """Some filters fail when the rows are fetched, such as a year beyond any calendar: answered like any that makes no sense."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().__init__(*args, **kwargs)
        except (ValueError, OverflowError, DataError) as error:
            raise IncorrectLookupParameters(error) from error


class ScopedModelAdmin(ModelAdmin):  # type: ignore[misc]
    """`right` opens the rows; `site_path` leads from a row to its site, None for rows of the whole trial.

    `unsited_right` opens rows that have no site. `lookups` is the whole list of query parameters that may filter.
    """

    right: ClassVar[Action]
    site_path: ClassVar[str | None] = "site"
    unsited_right: ClassVar[Action | None] = None
    lookups: ClassVar[frozenset[str]] = frozenset()

    actions = ()
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count rows that no page has shown: "dead (1)" tells of a case
    list_filter_sheet = False
    add_label: Any = _("New")

    # --- rows

    def scoped(self, rows: QuerySet[Any], seen: Scope) -> QuerySet[Any]:
        """The rows that this scope may see."""
        if self.site_path is None:
            return rows if seen.may(self.right) else rows.none()
        wanted = Q(**{f"{self.site_path}__in": seen.sites_for(self.right)})
        if self.unsited_right is not None and seen.may(self.unsited_right):
            wanted |= Q(**{f"{self.site_path}__isnull": True})
        return rows.filter(wanted)

    def site_of(self, row: Any) -> Site | None:
        """The site that a row belongs to, along `site_path`."""
        found = row
        for name in self.site_path.split("__") if self.site_path else ():
            found = getattr(found, name)
        return found if isinstance(found, Site) else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.scoped(super().get_queryset(request), scope_in(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        return self.scoped(rows, scope_in(request)), duplicates

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """An allow-list. By default Django answers any filter on any local field, and so tells a hidden one letter by letter."""
        return lookup in self.lookups

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return bool(to_field == self.opts.pk.name)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ScopedChangeList]:
        return ScopedChangeList

    # --- related rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> FormField | None:
        kwargs["queryset"] = self._visible(db_field, request)
        field: FormField | None = super().formfield_for_foreignkey(db_field, request, **kwargs)
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> FormField | None:
        kwargs["queryset"] = self._visible(db_field, request)
        field: FormField | None = super().formfield_for_manytomany(db_field, request, **kwargs)
        return field

    def _visible(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        model = db_field.remote_field.model
        page = self.admin_site._registry.get(model)
        rows: QuerySet[Any] = page.get_queryset(request) if page else model._default_manager.none()
        return rows

    # --- rights come from the role table, never from Django's permissions

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        seen = scope_in(request)
        if obj is None:
            return seen.may(self.right) or (self.unsited_right is not None and seen.may(self.unsited_right))
        return self.scoped(self.model._default_manager.filter(pk=obj.pk), seen).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        return [], {}, {str(self.opts.verbose_name)}, []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise PermissionDenied

    # --- the admin's own log keeps a representation for ever, so it gets an opaque one

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return self._log(request, obj, 1)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return self._log(request, obj, 2)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[LogEntry]:
        raise PermissionDenied

    def _log(self, request: HttpRequest, obj: Model, flag: int) -> LogEntry:
        return LogEntry.objects.create(
            user_id=person_in(request).pk, object_id=str(obj.pk), object_repr=str(obj.pk), action_flag=flag
        )


def moment(name: str, heading: Any) -> Any:
    """A column of local times, or days, in one unmistakable form whatever the page's language."""

    @display(description=heading, ordering=name)
    def shown(row: Any) -> str:
        value = getattr(row, name)
        if isinstance(value, datetime):
            return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
        return f"{value:%Y-%m-%d}" if value else "–"

    shown.__name__ = name
    return shown


class SiteFilter(SimpleListFilter):
    """A filter by site that offers the person's own sites only. The page's class says where the site is."""

    title = _("site")
    parameter_name = "at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = scope_in(request).sites_for(model_admin.right)
        codes = Site.objects.filter(pk__in=seen).order_by("code").values_list("code", flat=True)
        return [(code, code) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(**{f"{self.path}__code": self.value()})

    path: ClassVar[str] = "site"


class DoneFilter(SimpleListFilter):
    """A filter between what is to do and what is done: `column` holds when that was."""

    title = _("done")
    parameter_name = "done"
    column: ClassVar[str] = "done_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("to do")), ("yes", _("done"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("no", "yes"):
            return queryset
        return queryset.filter(**{f"{self.column}__isnull": self.value() == "no"})


class ParticipantSiteFilter(SiteFilter):
    path = "participant__site"
