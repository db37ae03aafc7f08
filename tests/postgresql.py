"""A PostgreSQL of the tests' own: its socket and data in a folder that goes with it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def _run(folder: Path, *arguments: str | Path) -> None:
    """PostgreSQL refuses to run as root, so root hands over to its own user."""
    command = [str(a) for a in arguments]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)


@contextmanager
def running_postgresql(*, is_durable: bool = False) -> Iterator[str]:
    """The address of an empty server; without fsync unless something is killed under it."""
    if not BIN:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="sv-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data, pg_ctl = folder / "data", BIN[-1] / "pg_ctl"
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=300"
    try:
        _run(folder, BIN[-1] / "initdb", "-D", data, "-U", "hub", "-A", "trust", "-N")
        options += "" if is_durable else " -c fsync=off"
        _run(folder, pg_ctl, "-D", data, "-w", "-o", options, "-l", folder / "l", "start")
        yield f"postgresql+psycopg://hub@/postgres?host={folder}"
    finally:
        _run(folder, pg_ctl, "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)
