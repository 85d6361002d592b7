"""The workplace: Django's admin on a site of our own."""

from unfold.sites import UnfoldAdminSite


class WorkplaceSite(UnfoldAdminSite):
    """The staff's face."""
