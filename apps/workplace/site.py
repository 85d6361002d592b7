"""The workplace: Django's admin on a site of our own."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import InvalidPage
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse_lazy
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.core import clock
from apps.staff.models import User
from apps.staff.services import is_valid
from apps.workplace import duty, languages, look, needs_now, paging, rotation, system
from apps.workplace.forms import OwnPasswordForm, SignInForm
from apps.workplace.scoped import person_in, scope_in

IDLE_SECONDS = 15 * 60
_SINCE, _SEEN_AT = "since", "seen_at"
_REMEMBER_EVERY = 60
# The theme's scripts evaluate expressions written in its templates (decision 40). Nothing inline runs all the same.
_theme_scripts = csp_update({"script-src": "'unsafe-eval'"})


class WorkplaceSite(UnfoldAdminSite):  # type: ignore[misc]
    """The staff's face. Who may open a page is asked of the role table; the language is the person's own."""

    login_form = SignInForm
    index_title = _("Needs me now")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_staff and is_valid(request.user)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        inner = super().admin_view(view)  # none of them may stay in a browser: it is another person's next

        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "\0" in request.path_info or any(
                "\0" in value for key in request.GET for value in request.GET.getlist(key)
            ):
                raise BadRequest("a character that no text holds")  # PostgreSQL takes it in no parameter
            if self.has_permission(request) and _has_ended(request):
                logout(request)
                return redirect_to_login(request.get_full_path(), "/admin/login/")
            with translation.override(languages.of(request)), timezone.override(_zone(request)):
                response: HttpResponse = inner(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
                response.headers.setdefault("Content-Language", translation.get_language() or "en")
            return response

        return _theme_scripts(page)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Signing in sets the person's own language."""
        page: Any = _theme_scripts(super().login)
        response: HttpResponse = page(request, extra_context)
        if request.method == "POST" and self.has_permission(request):
            languages.remember(response, languages.of(request))
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One's own password, by the service that also says whose it is now."""
        request.current_app = self.name
        view: Any = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            template_name="workplace/password.html",
            success_url=reverse_lazy("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        response: HttpResponse = view(request)
        return response

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "now": needs_now.for_person(person_in(request), scope_in(request)),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, "workplace/now.html", context)

    def now_list(self, request: HttpRequest) -> TemplateResponse:
        """The list alone, fetched by the page that shows it. It leaves the login session untouched, so that waiting is still idling."""
        now = needs_now.for_person(person_in(request), scope_in(request))
        return TemplateResponse(request, "workplace/now_list.html", {"now": now})

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The theme's search over names of lists. It fails at a page that there is not."""
        try:
            found: HttpResponse = super().search(request, extra_context)
        except (InvalidPage, ValueError) as error:
            raise BadRequest("no such page") from error
        return found

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """No form of ours asks for it, and it would name cases without anybody having become aware of them."""
        raise PermissionDenied

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("now/", self.admin_view(self.now_list), name="now"),
            path("duty/", self.admin_view(self.duty), name="duty"),
            path("rotation/", self.admin_view(self.rotation), name="rotation"),
            path("paging/", self.admin_view(self.paging), name="paging"),
            path("system/", self.admin_view(self.system), name="system"),
        ]

    def duty(self, request: HttpRequest) -> HttpResponse:
        person, seen = person_in(request), scope_in(request)
        refused: Mapping[str, Form] = {}
        if request.method == "POST":
            answer, refused = duty.act(request, person, seen)
            if answer is not None:
                return answer
        context = {**self.each_context(request), "title": _("On call"), **duty.context(person, seen, refused)}
        return TemplateResponse(request, "workplace/duty.html", context, status=422 if refused else 200)

    def rotation(self, request: HttpRequest) -> HttpResponse:
        found = rotation.answer(request, person_in(request), scope_in(request))
        if isinstance(found, HttpResponse):
            return found
        context = {**self.each_context(request), "title": _("Plan a rotation"), **found.context}
        return TemplateResponse(request, "workplace/rotation.html", context, status=found.status)

    def paging(self, request: HttpRequest) -> HttpResponse:
        found = paging.answer(request, person_in(request), scope_in(request))
        if isinstance(found, HttpResponse):
            return found
        context = {**self.each_context(request), "title": _("Paging"), **found.context}
        return TemplateResponse(request, found.template, context, status=found.status)

    def system(self, request: HttpRequest) -> TemplateResponse:
        context = {**self.each_context(request), "title": _("System"), **system.context(scope_in(request))}
        return TemplateResponse(request, "workplace/system.html", context)

    # The theme's settings are code of this app, not of an installation: two of its own readers are asked first.

    def _get_config(self, key: str, *args: Any) -> Any:
        if key not in look.UNFOLD:
            return super()._get_config(key, *args)
        ours = look.UNFOLD[key]
        return super()._get_config(key, *args) | ours if key == "COLORS" else self._get_value(ours, *args)

    def _get_list(self, key: str, *args: Any) -> Any:
        if key not in look.UNFOLD:
            return super()._get_list(key, *args)
        return [self._get_value(each, *args) for each in look.UNFOLD[key]]


def _zone(request: HttpRequest) -> ZoneInfo:
    """Where the person works; the trial's own zone for everybody else."""
    if not isinstance(request.user, User):
        return ZoneInfo(settings.TIME_ZONE)
    first = request.user.assignments.filter(site__isnull=False).order_by("starts_on").select_related("site").first()
    return ZoneInfo(first.site.timezone if first and first.site else settings.TIME_ZONE)


def _has_ended(request: HttpRequest) -> bool:
    """A login session ends after 15 minutes without an act of the person, and after 8 hours in any case.

    What a page fetches by itself is no act.
    """
    now = clock.machine().timestamp()
    since, seen = request.session.get(_SINCE, now), request.session.get(_SEEN_AT, now)
    if now - since > settings.SESSION_COOKIE_AGE or now - seen > IDLE_SECONDS:
        return True
    is_poll = request.headers.get("X-Fetched-By") == "page"
    is_new = _SEEN_AT not in request.session
    if is_new or (not is_poll and now - seen > _REMEMBER_EVERY):
        request.session[_SINCE], request.session[_SEEN_AT] = since, now
    return False
