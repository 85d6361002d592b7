"""A child is never forked beside an open connection. In a process of its own: a hook on forking cannot be taken back."""

import os
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT

PROGRAM = """
import os, threading
import django
django.setup()
from django.db import connection
from apps.operations import forking

forking.guard()
forking.guard()  # a second call adds no second hook
inside, go_on = threading.Event(), threading.Event()
seen = []

def pump():
    with forking.database_open():
        connection.cursor().execute("SELECT 1")
        inside.set()
        go_on.wait(10)
        seen.append("closed")

connection.cursor().execute("SELECT 1")
thread = threading.Thread(target=pump)
thread.start()
inside.wait(10)
threading.Timer(0.3, go_on.set).start()
child = os.fork()
if child == 0:
    with forking.database_open():  # the child may open the database: the lock came over free
        connection.cursor().execute("SELECT 1")
    os._exit(0 if seen == ["closed"] else 3)
assert connection.connection is None, "the forking thread's own connection was open"
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
thread.join(10)
"""


def test_a_fork_waits_until_no_thread_has_the_database_open(tmp_path: Path) -> None:
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path / 'x.sqlite3'}", "TRIALCARE_VAR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.strip(), done.returncode) == ("0", 0), done.stderr[-2000:]
