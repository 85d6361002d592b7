"""One row as a page to work on: what is known, and buttons for what this person may do about it now.

A button is an `Act`. It carries the right that it needs at the row's site, a form where it asks something, and the service function of
a lower floor that does it. Refusals come back on the same page.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from apps.audit.services import note_readings
from apps.safety.services import ChangedMeanwhile
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.workplace import trail
from apps.workplace.forms import AboutForm, AddForm, ButtonSelect, style
from apps.workplace.refusals import REFUSED, WITH_PROBLEMS, put_problems, sentence
from apps.workplace.scoped import ScopedModelAdmin, person_in, scope_in

REFUSED_STATUS = 422


@dataclass(frozen=True)
class Doing:
    """What an act works on: the row, who does it, and what the form said."""

    row: Any
    person: User
    said: dict[str, Any]


@dataclass(frozen=True)
class Act:
    """One button. `run` returns the sentence that says what happened; without `when` it is always possible.

    One that `shows` returns what only this answer's page may hold: it stands in no address, cookie or session.
    """

    name: str
    label: Any
    right: Action
    run: Callable[[Doing], Any]
    form: type[AboutForm] = AboutForm
    when: Callable[[Any], bool] | None = None
    is_main: bool = False
    shows: bool = False


@dataclass
class Offer:
    """An act with its form, as the template shows it. `is_open` after a refusal."""

    act: Act
    form: AboutForm
    is_open: bool = False

    @property
    def asks(self) -> bool:
        return bool(self.form.fields)

    @property
    def buttons(self) -> BoundField | None:
        """The one question of this act, when each of its answers is a button of its own."""
        asked = list(self.form)
        return asked[0] if len(asked) == 1 and isinstance(asked[0].field.widget, ButtonSelect) else None


class CardAdmin(ScopedModelAdmin):
    """A list of rows and, behind each, its card."""

    card_template: ClassVar[str]
    tells_of_health: ClassVar[bool] = False  # then whoever is shown a row stands on record
    facts: ClassVar[tuple[str, ...]] = ()  # whose earlier values its history tells to whoever may read the texts
    add_template: ClassVar[str] = "workplace/add.html"
    acts: ClassVar[tuple[Act, ...]] = ()

    # --- the list

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            self.were_listed(scope_in(request), context["cl"].result_list)
        return response

    def were_listed(self, seen: Scope, rows: Iterable[Any]) -> None:
        """These rows stood on a page of somebody with this scope: where that makes anybody aware of a case, it is written."""

    # --- the card

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.row_or_404(request, object_id)
        if request.method == "POST":
            return self._act(request, row)
        return self._card(request, row, self.offers(request, row))

    def row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """A row that this person may see. Another site's row is not found, exactly like one that never was."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            row = self.get_queryset(request).filter(pk=unquote(object_id)).first()
        except (ValueError, ValidationError):
            row = None
        if row is None:
            raise Http404
        return row

    def card_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the card's template shows besides the row and its acts."""
        return {}

    def offers(self, request: HttpRequest, row: Any) -> list[Offer]:
        """The acts that are possible now and that this person has the right to."""
        return [
            Offer(act, act.form(about=row, person=person_in(request), prefix=act.name))
            for act in self.acts
            if self._may(request, row, act) and (act.when is None or act.when(row))
        ]

    def _may(self, request: HttpRequest, row: Any, act: Act) -> bool:
        site = self.site_of(row)
        return scope_in(request).may(act.right, site=site.pk if site else None)

    def _act(self, request: HttpRequest, row: Any) -> HttpResponse:
        act = next((act for act in self.acts if act.name == request.POST.get("act")), None)
        if act is None:
            raise BadRequest("no such act")
        if not self._may(request, row, act):
            raise PermissionDenied
        person = person_in(request)
        form = act.form(request.POST, about=row, person=person, prefix=act.name)
        refused: type[Exception] | None = None
        if form.is_valid():
            try:
                said = act.run(Doing(row, person, form.cleaned_data))
            except WITH_PROBLEMS as error:
                put_problems(form, error)
            except REFUSED as error:
                refused = type(error)
                form.add_error(None, sentence(error))
            else:
                if act.shows:
                    return self._card(request, row, self.offers(request, row), shown=said)
                messages.success(request, str(said))
                return HttpResponseRedirect(_next(request), status=303)
        fresh = self.row_or_404(request, str(row.pk))
        if refused is ChangedMeanwhile:
            form.start_anew(fresh)
        offers = [each for each in self.offers(request, fresh) if each.act != act]
        return self._card(request, fresh, [Offer(act, form, is_open=True), *offers], status=REFUSED_STATUS)

    def _card(
        self, request: HttpRequest, row: Any, offers: list[Offer], status: int = 200, shown: Any = None
    ) -> HttpResponse:
        if self.tells_of_health:
            note_readings([row])
        for offer in offers:
            style(offer.form)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(row),
            "row": row,
            "offers": {offer.act.name: offer for offer in offers},
            "shown": shown,
            "refused": next((offer for offer in offers if offer.is_open), None),
            "may": {right.value for right in Action if self._right_here(request, row, right)},
            "history_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", args=[row.pk]),
            **self.card_context(request, row),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.card_template, context, status=status)

    def _right_here(self, request: HttpRequest, row: Any, right: Action) -> bool:
        site = self.site_of(row)
        return scope_in(request).may(right, site=site.pk if site else None)

    # --- adding, where a subclass gives `add_form` and `add_row`

    add_form: ClassVar[type[AddForm] | None] = None
    add_right: ClassVar[Action | None] = None

    def add_row(self, request: HttpRequest, cleaned: dict[str, Any]) -> Any:
        """Make the row through its service. Returns it."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.add_right is not None and scope_in(request).may(self.add_right)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if self.add_form is None or not self.has_add_permission(request):
            raise PermissionDenied
        form = self.add_form(request.POST or None, scope=scope_in(request), person=person_in(request))
        if request.method == "POST" and form.is_valid():
            try:
                row = self.add_row(request, form.cleaned_data)
            except WITH_PROBLEMS as error:
                put_problems(form, error)
            except REFUSED as error:
                form.add_error(None, sentence(error))
            else:
                messages.success(request, _("Done: %(what)s") % {"what": row})
                change = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
                return HttpResponseRedirect(reverse(change, args=[row.pk]), status=303)
        style(form)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("New: %(what)s") % {"what": self.opts.verbose_name},
            "form": form,
        }
        request.current_app = self.admin_site.name
        status = REFUSED_STATUS if form.errors else 200
        return TemplateResponse(request, self.add_template, context, status=status)

    # --- who changed this row, and when

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.row_or_404(request, object_id)
        reasons = self._right_here(request, row, Action.VIEW_TEXTS)
        if reasons and self.tells_of_health:
            note_readings([row])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(row),
            "row": row,
            "entries": trail.of(row, with_reasons=reasons, facts=self.facts if reasons else ()),
            "readings": trail.readings_of(row),
        }
        return TemplateResponse(request, "workplace/history.html", context)


def _next(request: HttpRequest) -> str:
    """Where the form wants to go back to, if that is a page of ours; else the card itself."""
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted else request.path
