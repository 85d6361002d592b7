"""Two configurations: Django's admin with our own site as its default, and the shelf of pages itself."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.utils.translation import gettext_lazy as _


class AdminConfig(DjangoAdminConfig):
    default_site = "apps.workplace.site.WorkplaceSite"


class WorkplaceConfig(AppConfig):
    name = "apps.workplace"
    label = "workplace"
    verbose_name = _("Workplace")
