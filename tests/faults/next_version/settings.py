"""Version N, where this tree is N-1: one app more, with a new kind of work and a migration that widens tables of the old version."""

from trialcare.settings import *  # noqa: F403 - version N-1 and one app more
from trialcare.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.next_version.apps.NextVersion"]
WORK_TABLE = "tests.faults.next_version.table.TABLE"
