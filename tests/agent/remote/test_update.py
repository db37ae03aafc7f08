"""Software from the hub: cut anywhere, damaged, not fit: the old one runs (R38, EDG-14)."""

import hashlib
import io
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent.launch import command
from agent.remote import trial, update
from agent.remote.trial import SOFTWARE, Trial
from agent.remote.update import Bundle, FailedError
from tests.agent.remote.conftest import Desk

VERSION = "9.9.9"
FIT = "import sys\nsys.stdout.write('9.9.9')\n"


def wheel(fit: str, main: str = "import sys\nsys.exit(3)\n") -> bytes:
    """The least that is installed as `storevitals[agent]` and answers."""
    info = f"storevitals-{VERSION}.dist-info"
    files = {
        "agent/__init__.py": "",
        "agent/remote/__init__.py": "",
        "agent/remote/fit.py": fit,
        "agent/cli/__init__.py": "",
        "agent/cli/main.py": main,
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: storevitals\nVersion: {VERSION}\nProvides-Extra: agent\n"
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def bundle_of(padding: int = 0) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in (
            (f"wheelhouse/storevitals-{VERSION}-py3-none-any.whl", wheel(FIT)),
            ("wheelhouse/padding", bytes(range(256)) * padding),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def named(data: bytes) -> Bundle:
    return Bundle(VERSION, hashlib.sha256(data).hexdigest(), len(data))


class Server(ThreadingHTTPServer):
    """Serves one bundle with ranges; each answer ends at `cut_at`."""

    daemon_threads = True

    def __init__(self, data: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.data, self.cut_at, self.asked = data, len(data), list[int]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        first = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        self.server.asked.append(first)
        rest = self.server.data[first:]
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: max(0, self.server.cut_at - first)])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(bundle_of(padding=400)) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_cut_at_each_percent_it_goes_on_and_is_whole_in_the_end(desk: Desk, server: Server) -> None:
    bundle, folder = named(server.data), desk.remote / "bundles"
    for percent in range(100):
        server.cut_at = bundle.size * percent // 100
        with pytest.raises(FailedError):
            update.fetch(server.url, None, bundle, folder)
        assert command(desk.config)[0] == sys.executable
    server.cut_at = bundle.size
    assert update.fetch(server.url, None, bundle, folder).read_bytes() == server.data
    assert server.asked == sorted(server.asked), "no byte is fetched twice"


def test_what_was_changed_on_the_way_is_thrown_away(desk: Desk, server: Server) -> None:
    bundle, folder = named(server.data), desk.remote / "bundles"
    server.data = server.data[:5000] + b"!" + server.data[5001:]
    with pytest.raises(FailedError, match="damaged"):
        update.fetch(server.url, None, bundle, folder)
    assert list(folder.iterdir()) == []


def _install(desk: Desk, data: bytes) -> Path:
    desk.remote.mkdir(exist_ok=True)
    path = desk.remote / "bundle.tar"
    path.write_bytes(data)
    return update.install(path, named(data), desk.remote / "versions")


def reaching_out(name: str, kind: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/passwd"
        tar.addfile(entry)
    return out.getvalue()


BAD = [b"", b"no tar at all", bundle_of()[:700]]
BAD += [reaching_out(name, tarfile.REGTYPE) for name in ("/tmp/x", "../x", "wheelhouse/../x")]  # noqa: S108
BAD += [reaching_out("wheelhouse/x", kind) for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE)]


@pytest.mark.parametrize("data", BAD)
def test_a_bad_bundle_leaves_nothing(desk: Desk, data: bytes) -> None:
    with pytest.raises(FailedError):
        _install(desk, data)
    assert list((desk.remote / "versions").glob("*")) == []


def test_software_that_is_not_fit_is_not_switched_to(desk: Desk) -> None:
    place = desk.remote / "versions" / "9.9.9-unfit"
    (place / "bin").mkdir(parents=True)
    python = place / "bin" / "python"
    python.write_text("#!/bin/sh\necho 'unknown key: limit' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(FailedError, match="unknown key: limit"):
        update.demand_fit(place, desk.config, desk.config)
    assert not place.exists()


def test_fit_software_is_tried_and_what_does_not_start_goes_back(desk: Desk) -> None:
    """A real environment is made, chosen, ends three times, and the old one is back."""
    place = _install(desk, bundle_of())
    update.demand_fit(place, desk.config, desk.config)
    trial.begin(desk.remote, Trial("o-1", SOFTWARE), update.content(place))
    update.sweep(desk.remote)
    for _ in range(3):
        words = command(desk.config)
        assert words[0] == str(place / "bin" / "python")
        assert subprocess.run(words, check=False).returncode == 3
    assert command(desk.config)[0] == sys.executable
    assert trial.returned(desk.remote) == ("o-1", "it ended 3 times before it had proved itself")
    update.sweep(desk.remote)
    assert list((desk.remote / "versions").glob("*")) == []
