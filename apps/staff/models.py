"""Staff accounts and where each person works. Personal phones are sealed; logins are never tied to a text."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import phone
from apps.staff.vocabulary import SITE_ROLES, Role
from apps.trials.models import Site
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey


class User(AbstractUser):
    """A member of staff. `name` is how pages and texts to colleagues call the person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(
        _("language"), max_length=8, choices=[("en", "English"), ("zh-Hans", "简体中文")], default="zh-Hans"
    )
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False, null=True)
    phone = SealedTextField(_("mobile phone"), blank=True)
    phone_index = models.BinaryField(max_length=64, editable=False, default=b"", db_index=True)
    phone_since = models.DateTimeField(_("mobile phone since"), null=True, editable=False)
    expires_on = models.DateField(_("account expires on"), null=True, blank=True)
    password_is_anothers = models.BooleanField(
        _("password set by somebody else"), default=False, db_default=False, editable=False
    )

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email", "name"]
    audit_ignored: ClassVar[tuple[str, ...]] = ("last_login",)
    # A hash, but one to guess at for ever; and so is a blind index, once its key has leaked.
    audit_hidden: ClassVar[tuple[str, ...]] = ("password", "phone_index")

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def masked_phone(self) -> str:
        return phone.masked(self.phone) if self.phone else ""


class SiteAssignment(models.Model):
    """A person's role at a site (or, without one, in the trial), for a time. Position 1 is on call first."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("staff member"))
    role = models.CharField(_("role"), max_length=32, choices=Role.choices)
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, blank=True, related_name="assignments", verbose_name=_("site")
    )
    on_call_position = models.PositiveSmallIntegerField(_("on-call position"), null=True, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=sorted(SITE_ROLES), site__isnull=False)
                | (~Q(role__in=sorted(SITE_ROLES)) & Q(site__isnull=True)),
                name="site_roles_have_a_site",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="assignment_role_known"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def was_taken_back(self) -> bool:
        """On its first day or before: no whole day of it counts."""
        return self.ends_on is not None and self.ends_on < self.starts_on


class Signature(models.Model):
    """A named person's signature on one version of a record: meaning, time, and the SHA-256 of what was signed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    signer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="signatures")
    signed_at = models.DateTimeField()
    meaning = models.CharField(max_length=40)
    record = models.CharField(max_length=120)
    record_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")

    def __str__(self) -> str:
        return str(self.id)
