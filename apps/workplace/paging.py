"""Who is paged at a site, in what order, by what, and by which robot: the chains in force, and their change by whoever may.

A site's chains are its principal investigator's; robots also the administrator's, who besides sets what belongs to no site.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.escalation import chains
from apps.escalation import services as escalation
from apps.escalation.chains import ChainMoved, ChainRefused
from apps.escalation.endpoints import BadEndpoint, endpoint_for
from apps.escalation.vocabulary import ChainName, EndpointRule
from apps.participants import arm_told
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.trials.models import Site
from apps.workplace.forms import style
from apps.workplace.paging_forms import BackForm, ChainForm, EndpointForm
from apps.workplace.paging_views import DESK, Place, chains_of, code_of, endpoints_of, incidents_of, site_of

_AT_ONCE = 3
_MOVED = _(
    "Somebody else changed this chain meanwhile: it stands above as it is now. Send yours again to put it in its place."
)


# --- who may what, where (None: what belongs to no site)


def sites_seen(seen: Scope) -> list[Site | None]:
    """The places whose paging this person may look at."""
    everywhere = seen.in_whole_trial(Action.SET_PAGING)
    sites = Site.objects.order_by("code")
    found: list[Site | None] = [*(sites if everywhere else sites.filter(pk__in=_own_sites(seen)))]
    return found + ([None] if everywhere or seen.may(Action.VIEW_UNMATCHED) else [])


def may_open(seen: Scope) -> bool:
    whole_trial = seen.in_whole_trial(Action.SET_PAGING) or seen.may(Action.VIEW_UNMATCHED)
    return whole_trial or bool(_own_sites(seen))


def _own_sites(seen: Scope) -> frozenset[Any]:
    return seen.sites_for(Action.VIEW_CONFIGURATION)


def may_set_chain(seen: Scope, site: Site | None) -> bool:
    if site is None:
        return seen.in_whole_trial(Action.SET_PAGING)
    return site.pk in seen.sites_for(Action.SET_PAGING)


def may_set_robot(seen: Scope, site: Site | None) -> bool:
    return seen.in_whole_trial(Action.SET_PAGING) or may_set_chain(seen, site)


# --- the page


@dataclass(frozen=True)
class Shown:
    template: str
    context: dict[str, Any]
    status: int = 200


def answer(request: HttpRequest, person: User, seen: Scope) -> Shown | HttpResponse:
    """The page, one chain's form, or what came of an act. Raises PermissionDenied, also for a place that there is not."""
    if not may_open(seen):
        raise PermissionDenied
    if request.method == "POST":
        act = _ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise BadRequest("no such act")
        return act(request, person, seen)
    if "chain" in request.GET:
        site, name = _chain_asked(request.GET, seen)
        base = chains.content_of(name, site=site)
        return _chain_page(site, name, ChainForm(site=site, base=base), BackForm(prefix="back"))
    return _overview(seen, request.GET.get("at", ""))


def _overview(seen: Scope, at: str = "", refused: Mapping[str, forms.Form] | None = None) -> Shown:
    """All places of this person; of more than a few the one that is asked for, since each asks who is on duty at every step."""
    every = sites_seen(seen)
    few = len(every) <= _AT_ONCE
    chosen = every if few else [site for site in every if code_of(site) == at] or every[:1]
    context = {
        "places": [_place(site, seen, refused or {}) for site in chosen],
        "others": [] if few else [(code_of(site), site) for site in every],
        "was_refused": bool(refused),
    }
    return Shown("workplace/paging.html", context, 422 if refused else 200)


def _place(site: Site | None, seen: Scope, refused: Mapping[str, forms.Form]) -> Place:
    form = refused.get(code_of(site)) or _endpoint_form(site) if may_set_robot(seen, site) else None
    return Place(
        site=site,
        code=code_of(site),
        chains=chains_of(site, may_change=may_set_chain(seen, site)),
        endpoints=endpoints_of(site),
        endpoint_form=form,
        incidents=incidents_of(site),
    )


def _endpoint_form(site: Site | None, said: Any = None) -> EndpointForm:
    form = EndpointForm(said, prefix=f"endpoint-{code_of(site)}")
    style(form)
    return form


def _chain_page(
    site: Site | None, name: ChainName, form: ChainForm, back: BackForm, *, was_moved: bool = False
) -> Shown:
    style(back)
    shown = next(each for each in chains_of(site, may_change=False) if each.name == name)
    was_refused = was_moved or form.has_errors or bool(back.errors)
    context = {
        "site": site, "code": code_of(site), "chain": shown, "form": form, "back": back, "moved": _MOVED if was_moved else "",
        "was_refused": was_refused,
    }  # fmt: skip
    return Shown("workplace/paging_chain.html", context, 422 if was_refused else 200)


# --- the acts


def _chain_asked(said: Mapping[str, Any], seen: Scope) -> tuple[Site | None, ChainName]:
    site = _site_asked(said)
    if not may_set_chain(seen, site):
        raise PermissionDenied
    names = {str(name): name for name in chains.in_force(site=site)}
    if said.get("chain", "") not in names:
        raise BadRequest("no such chain")
    return site, names[said["chain"]]


def _site_asked(said: Mapping[str, Any]) -> Site | None:
    if said.get("site", "") == DESK:
        return None
    site = site_of(said.get("site", ""))
    if site is None:
        raise PermissionDenied
    return site


def _number(request: HttpRequest) -> int:
    said = request.POST.get("started_from", "")
    if not (said.isascii() and said.isdigit()):
        raise BadRequest("no number to start from")
    return int(said)


def _set(request: HttpRequest, person: User, seen: Scope) -> Shown | HttpResponse:
    site, name = _chain_asked(request.POST, seen)
    form = ChainForm(site=site, base=chains.content_of(name, site=site), said=request.POST)
    was_moved = False
    if form.is_valid():
        try:
            made = escalation.set_chain(
                site=site,
                chain=name,
                content=form.content(),
                by=person,
                reason=form.reason,
                started_from=_number(request),
            )
        except ChainRefused as refused:
            form.put(refused.problems)
        except ChainMoved:
            was_moved = True
        else:
            arm_told.note(row=made, field="reason", text=made.reason, sites=[site], said_by=person)
            return _done(request, site, _in_force(made))
    return _chain_page(site, name, form, BackForm(prefix="back"), was_moved=was_moved)


def _back(request: HttpRequest, person: User, seen: Scope) -> Shown | HttpResponse:
    site, name = _chain_asked(request.POST, seen)
    back, was_moved = BackForm(request.POST, prefix="back"), False
    if back.is_valid():
        try:
            made = escalation.use_protocols_chain(
                site=site, chain=name, by=person, reason=back.cleaned_data["reason"], started_from=_number(request)
            )
        except ChainRefused as refused:
            back.add_error("reason", [str(problem.rule.label) for problem in refused.problems])
        except ChainMoved:
            was_moved = True
        else:
            arm_told.note(row=made, field="reason", text=made.reason, sites=[site], said_by=person)
            return _done(request, site, _in_force(made))
    form = ChainForm(site=site, base=chains.content_of(name, site=site))
    return _chain_page(site, name, form, back, was_moved=was_moved)


def _in_force(made: Any) -> str:
    said = {"chain": made.chain, "number": made.number}
    if not made.content:
        return str(_("%(chain)s: the protocol's chain is in force again, as version %(number)s.")) % said
    return (
        str(_("%(chain)s: version %(number)s is in force. What is running keeps the chain that it began with.")) % said
    )


def _endpoint(request: HttpRequest, _person: User, seen: Scope) -> Shown | HttpResponse:
    site = _robot_place(request, seen)
    form = _endpoint_form(site, request.POST)
    if form.is_valid():
        said = {name: value.strip() for name, value in form.cleaned_data.items()}
        try:
            escalation.set_endpoint(site=site, **said)
        except BadEndpoint as error:
            form.add_error("secret" if error.rule == EndpointRule.SECRET_MISSING else "address", error.rule.label)
        else:
            return _done(request, site, str(_("It is set. Start a drill to see that it arrives.")))
    return _overview(seen, code_of(site), {code_of(site): form})


def _remove(request: HttpRequest, _person: User, seen: Scope) -> HttpResponse:
    site = _robot_place(request, seen)
    endpoint = endpoint_for(site=site, channel=request.POST.get("channel", ""))
    if endpoint is None:
        raise BadRequest("no such robot")
    escalation.remove_endpoint(endpoint=endpoint)
    return _done(request, site, str(_("It is removed, and its address with it.")))


def _drill(request: HttpRequest, person: User, seen: Scope) -> HttpResponse:
    """Also at the duty desk, which is no site and has no page of its own to start one from."""
    site = _robot_place(request, seen)
    escalation.start_drill(site=site, by=person)
    return _done(request, site, str(_("The drill has begun: everybody on call gets a page marked TEST.")))


def _mend(request: HttpRequest, person: User, seen: Scope) -> HttpResponse:
    """An incident of the whole trial: whoever may look at that place has the duty to put it right."""
    if request.POST.get("site", "") != DESK or None not in sites_seen(seen):
        raise PermissionDenied
    row = request.POST.get("row", "")
    incident = next((each for each in incidents_of(None) if str(each.pk) == row), None)
    if incident is None:
        raise BadRequest("no such incident")
    escalation.mend_incident(incident=incident, person=person)
    return _done(request, None, str(_("Noted as mended.")))


def _robot_place(request: HttpRequest, seen: Scope) -> Site | None:
    site = _site_asked(request.POST)
    if not may_set_robot(seen, site):
        raise PermissionDenied
    return site


def _done(request: HttpRequest, site: Site | None, said: str) -> HttpResponse:
    messages.success(request, said)
    return HttpResponseRedirect(f"{reverse('admin:paging')}?at={code_of(site)}", status=303)


_ACTS: Mapping[str, Callable[[HttpRequest, User, Scope], Shown | HttpResponse]] = {
    "chain": _set, "protocol": _back, "endpoint": _endpoint, "remove": _remove, "drill": _drill, "mend": _mend,
}  # fmt: skip
