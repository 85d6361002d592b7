"""An installation in which reading one certain text kills the process that reads it."""

from trialcare.settings import *  # noqa: F403 - the settings as they are, and one name more

WORK_TABLE = "tests.faults.deadly.table.TABLE"
