"""What the workplace's tests look at: a red flag at each site, each with words that nobody of the other site may see."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from apps.blinding.models import SealedAllocation
from apps.conversations.models import Task
from apps.escalation.models import Escalation
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.routes import gateway
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from tests import due, people

# Words that stand in no other text. Each is planted in one site's data only.
BEIJING, SHANGHAI, UNKNOWN = "canarybeijing", "canaryshanghai", "canaryunknown"
# What a sealed allocation holds. In no form may anything of it stand on any page, for anybody.
SEALED, ROW_KEY, DIGEST = b"canaryarmcanaryarm", "canaryrowkey", "canarylistdigest"
OF_THE_ARM = (SEALED.decode(), SEALED.hex(), b64encode(SEALED).decode(), ROW_KEY, DIGEST)


JUDGED = {
    "term": "Haematemesis",
    "severity_grade": "3",
    "criteria": ["hospitalisation"],
    "causality_investigator": "possible",
    "onset_on": "2026-11-01",
    "outcome": "2",
}


@dataclass(frozen=True)
class Scene:
    """One red flag of each site, and one of an unknown number, with what the program made of them."""

    beijing: AdverseEvent
    shanghai: AdverseEvent
    unknown: InboundMessage

    def tokens_of_shanghai(self) -> list[str]:
        """What would give Shanghai away: its words, its codes, its references, its people's names and numbers."""
        escalations = Escalation.objects.filter(site__code="SH02").values_list("ref", flat=True)
        tasks = [str(pk) for pk in Task.objects.filter(site__code="SH02").values_list("pk", flat=True)]
        numbers = [people.PHONES["li"], people.PHONES["li's son"], people.PHONES["dora"]]
        return [
            SHANGHAI,
            "SH02",
            self.shanghai.case_number,
            str(self.shanghai.pk),
            *escalations,
            *tasks,
            *numbers,
            "Dora",
            "Erin",
        ]

    def tokens_of_texts(self) -> list[str]:
        """Words and whole numbers that nobody without the right to texts may see."""
        return [BEIJING, SHANGHAI, UNKNOWN, *people.PHONES.values()]


def fresh(event: AdverseEvent) -> AdverseEvent:
    return AdverseEvent.objects.get(pk=event.pk)


def play() -> Scene:
    """Everybody, three red flags, and all the work that follows."""
    people.everybody()
    SealedAllocation.objects.create(
        participant=people.wang(), sealed=SEALED, row_keys={"custodian": ROW_KEY}, list_digest=DIGEST
    )
    text(people.PHONES["wang"], f"vomiting blood {BEIJING}")
    text(people.PHONES["li"], f"vomiting blood {SHANGHAI}")
    text(people.PHONES["nobody we know"], f"help he is unconscious {UNKNOWN}")
    due.work()
    return Scene(
        beijing=AdverseEvent.objects.get(participant__code="BJ01-001"),
        shanghai=AdverseEvent.objects.get(participant__code="SH02-001"),
        unknown=InboundMessage.objects.get(disposition="unmatched"),
    )


def text(number: str, body: str) -> None:
    """A text as the phone simulator posts it."""
    simulator: Any = gateway("phone")
    messaging.receive(gateway=simulator, callback=simulator.posted_text(sender=number, text=body))


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="apps.staff.backends.StaffBackend")
    return client


def change_url(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def scoped_pages() -> dict[type[Model], Any]:
    """The whole registry; `checks.pages_are_scoped` proves elsewhere that each of them is a scoped page."""
    return dict(admin.site._registry)


def every_url() -> list[str]:
    """Every address of the workplace: the pages of its own, and of each class in the registry every row with every view."""
    urls = [
        "/admin/",
        "/admin/now/",
        "/admin/duty/",
        "/admin/rotation/",
        "/admin/rotation/?at=SH02",
        "/admin/rotation/?at=desk",
        "/admin/paging/",
        "/admin/paging/?at=SH02",
        "/admin/paging/?site=SH02&chain=R1",
        "/admin/paging/?site=desk&chain=unmatched",
        "/admin/system/",
        "/admin/jsi18n/",
        "/admin/password_change/",
        "/admin/search/?s=a",
        "/admin/search/?s=sh02&extended=1",
    ]
    for model, page in scoped_pages().items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = reverse(f"{base}_changelist")
        urls += [
            listed,
            f"{listed}?_popup=1",
            f"{listed}?q=SH02",
            f"{listed}?q={SHANGHAI}",
            f"{listed}?o=-1",
            reverse(f"{base}_add"),
        ]
        urls += [f"{listed}?{lookup}=SH02" for lookup in page.lookups]
        urls += [reverse("admin:app_list", args=[model._meta.app_label])]
        for key in model._default_manager.values_list("pk", flat=True)[:40]:
            urls += [reverse(f"{base}_{view}", args=[key]) for view in ("change", "history", "delete")]
        urls += [_autocomplete(field) for field in model._meta.concrete_fields if field.remote_field]
    return list(dict.fromkeys(urls))


def _autocomplete(field: Any) -> str:
    label, name = field.model._meta.app_label, field.model._meta.model_name
    return f"/admin/autocomplete/?term=&app_label={label}&model_name={name}&field_name={field.name}"


def press(person: User, row: Model, act: str, **said: Any) -> Any:
    """Press a button of a row's card. The answer is 303 (done), 422 (refused, on the same page), or an error's status."""
    fields = {f"{act}-{name}": value for name, value in said.items()}
    return signed_in(person).post(change_url(row), {"act": act, **fields})


def page(person: User, url: str) -> str:
    """A page's text as this person gets it; anything but 200 fails."""
    response = signed_in(person).get(url)
    assert response.status_code == 200, (url, response.status_code)
    return str(response.content.decode())
