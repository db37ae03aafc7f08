"""A bundle from the hub: fetched in pieces, put into an environment of its own, tried, switched.

What runs is never touched. Wherever it is cut, the old environment is whole, and the next try goes
on where the fetching ended.
"""

import hashlib
import json
import re
import shutil
import ssl
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from agent.launch import installed
from agent.remote import trial
from agent.remote.verify import RefusedError
from agent.words import T

API = "/api/v1/agents/bundles"
MOST_BYTES = 200 << 20
TIMEOUT_S = 30.0
INSTALL_S = 900.0  # a Pi 3 with a slow card
FIT_S = 120.0
CHUNK = 1 << 16
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,60}")
_BROKEN = T(
    "软件包不完整或被改动过，未安装。",
    "The bundle is damaged or was changed; it was not installed.",
)


class FailedError(Exception):
    """It went wrong and nothing has changed; `text` says why."""

    def __init__(self, text: T) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Bundle:
    """As the signed order names it."""

    version: str
    sha256: str
    size: int

    @classmethod
    def of(cls, version: object, sha256: object, size: object) -> "Bundle":
        """Raises RefusedError."""
        made = cls(str(version), str(sha256).lower(), size if isinstance(size, int) else 0)
        is_named = _NAME.fullmatch(made.version) and re.fullmatch(r"[0-9a-f]{64}", made.sha256)
        if not is_named or not 0 < made.size <= MOST_BYTES:
            raise RefusedError(T("软件包的描述有误。", "The order does not describe a bundle."))
        return made


def fetch(hub: str, authority: Path | None, bundle: Bundle, folder: Path) -> Path:
    """The whole bundle as a file; a part of it stays for the next try. Raises FailedError."""
    path, part = folder / f"{bundle.sha256}.tar", folder / f"{bundle.sha256}.part"
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for old in folder.glob("*.*"):
        if old not in (path, part):
            old.unlink()
    if not path.exists():
        _demand_room(folder, bundle)
        _load(f"{hub}{API}/{bundle.sha256}", authority, part, bundle.size)
        if _sha256(part) != bundle.sha256:
            part.unlink()
            raise FailedError(_BROKEN)
        part.replace(path)
    return path


def _demand_room(folder: Path, bundle: Bundle) -> None:
    free = shutil.disk_usage(folder).free
    if free < 5 * bundle.size:  # the bundle, and its environment
        told = free >> 20
        raise FailedError(
            T(f"存储卡只剩 {told} MB，不够安装。", f"Only {told} MB are free on the card: too few.")
        )


def _load(url: str, authority: Path | None, part: Path, size: int) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= size:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"})  # noqa: S310 the hub
    context = ssl.create_default_context()
    if authority is not None:
        context.load_verify_locations(authority)
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            is_rest = answer.status == HTTPStatus.PARTIAL_CONTENT
            with part.open("ab" if is_rest else "wb") as file:
                while have < 2 * size and (chunk := answer.read(CHUNK)):
                    file.write(chunk)
                    have += len(chunk)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise FailedError(
            T(f"下载中断：{reason}", f"The download was cut: {reason}; it goes on at the next try.")
        ) from error
    if part.stat().st_size < size:
        raise FailedError(
            T("下载中断，下次继续。", "The download was cut; it goes on at the next try.")
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def install(path: Path, bundle: Bundle, versions: Path) -> Path:
    """A new environment beside the others. Raises FailedError."""
    place = versions / f"{bundle.version}-{bundle.sha256[:8]}"
    shutil.rmtree(place, ignore_errors=True)
    wheels = versions / "unpacked"
    shutil.rmtree(wheels, ignore_errors=True)
    try:
        _unpack(path, wheels / "wheelhouse")
        python = place / "bin" / "python"
        _run([sys.executable, "-m", "venv", str(place)], INSTALL_S)
        words = [
            "install",
            "--quiet",
            "--no-index",
            "--no-cache-dir",
            "--disable-pip-version-check",
        ]
        find = ["--find-links", str(wheels / "wheelhouse")]
        wanted = f"storevitals[agent]=={bundle.version}"
        _run([str(python), "-m", "pip", *words, *find, wanted], INSTALL_S)
    except (tarfile.TarError, OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(place, ignore_errors=True)
        raise FailedError(_told(error)) from error
    finally:
        shutil.rmtree(wheels, ignore_errors=True)
    return place


def _unpack(path: Path, folder: Path) -> None:
    """Files of the bundle's one folder and nothing else; Python 3.11.2 of Debian 12 knows no
    filters that would refuse the rest."""
    folder.mkdir(parents=True)
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isdir():
                continue
            above, _, name = member.name.removeprefix("./").rpartition("/")
            file = tar.extractfile(member) if member.isfile() else None
            if file is None or above != folder.name or name in ("", ".", ".."):
                raise tarfile.TarError(f"The bundle holds {member.name!r}.")
            with (folder / name).open("wb") as out:
                shutil.copyfileobj(file, out)


def demand_fit(place: Path, config: Path, local: Path) -> None:
    """The new software, in its own process, loads the configuration. Raises FailedError."""
    python = str(place / "bin" / "python")
    words = [python, "-P", "-m", "agent.remote.fit", str(config), str(local)]
    try:
        _run(words, FIT_S)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(place, ignore_errors=True)
        raise FailedError(_told(error)) from error


def content(place: Path) -> bytes:
    """What `software.json` says from now on."""
    return json.dumps({"name": place.name, "base": installed()}).encode()


def sweep(folder: Path) -> None:
    """Environments that are neither in use nor the one before."""
    names = set()
    for name in (trial.SOFTWARE, f"{trial.SOFTWARE}.good"):
        try:
            names.add(json.loads((folder / name).read_text("utf-8"))["name"])
        except (OSError, ValueError, KeyError):
            continue
    for place in (folder / "versions").glob("*"):
        if place.name not in names:
            shutil.rmtree(place, ignore_errors=True)


def _run(words: list[str], limit_s: float) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=limit_s, text=True)  # noqa: S603


def _told(error: Exception) -> T:
    said = getattr(error, "stderr", "") or str(error)
    last = str(said).strip().splitlines()[-1:] or [type(error).__name__]
    return T(
        f"新软件不能安装：{last[0][:300]}", f"The new software does not install: {last[0][:300]}"
    )
