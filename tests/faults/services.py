"""Services of a test's own, which it may stop, wipe, silence or fill up: never those that the run shares."""

import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.stack import free_port, wait_for


class Gate:
    """A TCP gate before a shared service: `open`, `refuse` (nobody listens, all is cut) or `silent` (accepts, never answers)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._behind = (parts.hostname or "127.0.0.1", parts.port or 0)
        self.port = free_port()
        self.url = url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{self.port}")
        self._mode = "refuse"
        self._sockets: set[socket.socket] = set()
        self._listener: socket.socket | None = None

    def open(self) -> None:
        self._mode = "open"
        self._listen()

    def silence(self) -> None:
        """What is connected stays connected, and nothing comes back any more."""
        self._mode = "silent"
        self._listen()

    def refuse(self) -> None:
        self._mode = "refuse"
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self._cut()

    def reopen(self) -> None:
        """Whoever waited on the silent gate is cut off, and everybody is let through."""
        self.refuse()
        self.open()

    def _cut(self) -> None:
        for each in list(self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._sockets.clear()

    def _listen(self) -> None:
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The listener before it lives on for as long as its thread waits in `select`.
        wait_for(lambda: _bound(listener, self.port), within=5, saying="the gate's port is free again")
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            # Polled: closing a socket does not wake a thread that waits in accept.
            try:
                if not select.select([listener], [], [], 0.05)[0]:
                    continue
                near, _ = listener.accept()
            except (OSError, ValueError):
                return
            self._sockets.add(near)
            if self._mode == "open":
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._behind, timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        self._sockets.add(far)
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if self._mode == "open":
                    other.sendall(data)
        for each in (one, other):
            if self._mode == "open":
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


@contextmanager
def gate(url: str) -> Iterator[Gate]:
    made = Gate(url)
    made.open()
    try:
        yield made
    finally:
        made.refuse()


class Redis:
    """A redis-server without any file, so that a stop is a loss of everything in it."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [self._program, "--port", str(self.port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        self._process = subprocess.Popen(
            [*command, "--dir", str(self._folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(lambda: _answers(self.port), within=10, saying="redis-server answers")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def tell(self, *words: str) -> str:
        """One command, and the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return connection.recv(65536).decode(errors="replace")


@contextmanager
def own_redis(folder: Path) -> Iterator[Redis]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server: this fault stops one of its own")
    made = Redis(program, folder)
    made.start()
    try:
        yield made
    finally:
        made.kill()


class Postgres:
    """A PostgreSQL cluster of the test's own, with the settings that PostgreSQL ships (fsync and all)."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.port = free_port()
        self._programs, self.folder = programs, folder
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/trialcare"

    def make(self) -> None:
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "postgres", "-E", "UTF8")
        self.start()
        with psycopg.connect(self.url.replace("/trialcare", "/postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE trialcare")

    def copy(self, url: str) -> None:
        """Another server's database into this one."""
        dump = subprocess.Popen([self._programs / "pg_dump", url], stdout=subprocess.PIPE)
        subprocess.run([self._programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", self.url], stdin=dump.stdout,
                       stdout=subprocess.DEVNULL, check=True)  # fmt: skip
        assert dump.wait(30) == 0

    def start(self) -> None:
        """Tried again for a while: a backend of a killed server may still hold the memory that a new one refuses to share."""
        wait_for(self._starts, within=60, saying="the database server starts")

    def _starts(self) -> bool:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_wal_size=64MB"
        log = str(self.folder / "server.log")
        try:
            self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "-t", "30", "start")
        except subprocess.CalledProcessError:
            return False
        return True

    def stop(self, *, mode: str = "fast") -> None:
        """`immediate` is what a power cut leaves: no checkpoint, recovery at the next start."""
        with suppress(subprocess.CalledProcessError):  # it may be down already
            self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "-t", "30", "stop")

    @property
    def is_up(self) -> bool:
        return _answers(self.port)

    def kill(self) -> None:
        """kill -9 of the server and of every backend."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
        for each in [pid, *map(int, listing.stdout.split())]:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        time.sleep(0.2)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:  # the server refuses to be root
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=60)


@contextmanager
def own_postgres(folder: Path | None = None) -> Iterator[Postgres]:
    """`folder`: where its data shall lie, a temporary folder otherwise."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = str(found[-1]) if found else shutil.which("initdb")
    if program is None:
        pytest.skip("needs PostgreSQL's initdb: this fault stops a server of its own")
    place = folder or Path(tempfile.mkdtemp(prefix="trialcare-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(place, "postgres")
    made = Postgres(Path(program).parent, place)
    try:
        made.make()
        yield made
    finally:
        made.stop(mode="immediate")
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def small_disk(*, megabytes: int) -> Iterator[Path]:
    """A file system of its own of this size, in memory, that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="trialcare-disk-"))
    options = f"size={megabytes}m,mode=0755"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    try:
        if mounted.returncode:
            pytest.skip("needs to mount a tmpfs (root): this fault fills a disk of its own")
        yield folder
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def fill(folder: Path, *, leaving: int) -> Path:
    """A file that leaves so many bytes of a file system free."""
    path = folder / "filler"
    with path.open("ab") as file:
        room = shutil.disk_usage(folder).free - leaving
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), file.tell(), max(room, 1))
    return path


def _bound(listener: socket.socket, port: int) -> bool:
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _answers(port: int) -> bool:
    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
        return True
    return False
