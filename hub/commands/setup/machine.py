"""The machine that a hub is set up on: its files, users and services. Nothing else touches them."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

RUN_LIMIT_S = 120.0
PLUGIN = "mosquitto_dynamic_security.so"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class MachineError(Exception):
    """Something of the machine is not as it must be; the sentence says what to do."""


class Did(StrEnum):
    MADE = "made"
    CHANGED = "changed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Owner:
    user: str = "root"
    group: str = "root"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as it should be.

    `is_theirs`: what stands there already is the owner's and stays. `is_packages`: it takes the
    place of a package's file, which is kept beside it.
    """

    path: Path
    text: bytes
    mode: int = 0o644
    owner: Owner = Owner()
    is_theirs: bool = False
    is_packages: bool = False


class Machine:
    """Debian 12 or later, asked and changed as root."""

    def find(self, program: str) -> str | None:
        return shutil.which(program, path=SYSTEM_PATH)

    def plugin(self) -> Path | None:
        """mosquitto's plug-in that keeps rights."""
        return next(Path("/usr/lib").glob(f"*/{PLUGIN}"), None)

    @property
    def is_root(self) -> bool:
        return os.geteuid() == 0

    @property
    def has_systemd(self) -> bool:
        """A chroot or container may have its files, but no systemd that runs."""
        return Path("/run/systemd/system").is_dir()

    def run(self, *command: str) -> str:
        """What it says; MachineError with its own words when it fails."""
        try:
            done = subprocess.run(  # noqa: S603 names and paths are ours
                command, capture_output=True, text=True, timeout=RUN_LIMIT_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MachineError(f"{command[0]} could not be run: {error}.") from error
        said = (done.stdout + done.stderr).strip()
        if done.returncode:
            raise MachineError(f"`{' '.join(command)}` failed: {said[-500:]}")
        return said

    def user(self, name: str, home: Path) -> Did:
        """A system user that nobody signs in as."""
        try:
            pwd.getpwnam(name)
        except KeyError:
            where = ("--home-dir", str(home), "--no-create-home")
            self.run("useradd", "--system", *where, "--shell", "/usr/sbin/nologin", name)
            return Did.MADE
        return Did.KEPT

    def folder(self, path: Path, mode: int, owner: Owner) -> Did:
        did = Did.KEPT if path.is_dir() else Did.MADE
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, owner.user, owner.group)
        path.chmod(mode)
        return did

    def put(self, wanted: Wanted) -> Did:
        """Written in one step: whoever reads it meanwhile has the old or the new file."""
        path = wanted.path
        there = path.read_bytes() if path.exists() else None
        if there is not None and (wanted.is_theirs or there == wanted.text):
            return Did.KEPT
        before = path.with_name(f"{path.name}.before-storevitals")
        if wanted.is_packages and there is not None and not before.exists():
            shutil.copy2(path, before)
        fresh = path.with_name(f".{path.name}.new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(wanted.text)
            file.flush()
            os.fsync(file.fileno())
        shutil.chown(fresh, wanted.owner.user, wanted.owner.group)
        fresh.chmod(wanted.mode)
        fresh.replace(path)
        return Did.MADE if there is None else Did.CHANGED

    @contextmanager
    def acting_as(self, name: str) -> Iterator[None]:
        """Files made meanwhile belong to this user, as if the service had made them."""
        whose = pwd.getpwnam(name)
        mask = os.umask(0o027)
        os.setegid(whose.pw_gid)
        os.seteuid(whose.pw_uid)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.umask(mask)
