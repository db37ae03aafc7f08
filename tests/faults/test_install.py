"""EDG-09: a clean Debian 12 without any network takes the agent in and is rid of it again."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.debian import debian, run_inside

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}
# What any package leaves, and what the account tools keep as the state before.
ALWAYS_LEFT = re.compile(
    r"^/(var/(lib/dpkg|log|cache)|etc/(passwd|shadow|group|gshadow|subuid|subgid)-?$)"
)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with debian(tmp_path_factory.mktemp("debian"), ["python3", "python3-venv", "passwd"]) as root:
        yield root


def inside(root: Path, *words: str, status: int = 0) -> str:
    """In a network of its own that leads nowhere: whatever is fetched would fail."""
    return run_inside(root, ["unshare", "--net"], words, status)


def files(root: Path) -> set[str]:
    found = set()
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name for name in folders if Path(folder, name) not in (root / "proc", root / "dev")
        ]
        found |= {"/" + str(Path(folder, name).relative_to(root)) for name in (*names, *folders)}
    return {path for path in found if not ALWAYS_LEFT.match(path) and "__pycache__" not in path}


def works(root: Path) -> None:
    assert "storevitals-agent" in inside(root, "storevitals-agent", "--version")
    told = inside(root, "storevitals-agent", "doctor", status=1)
    assert "disk space" in told
    assert "→" in told
    inside(root, "storevitals-agent", "setup", "--yes", "--name", "Test store")
    assert "[agent]" in (root / "etc/storevitals/agent.toml").read_text()
    own = ["setpriv", "--reuid=storevitals", "--regid=storevitals", "--init-groups"]
    begun = [*own, "timeout", "-s", "TERM", "20", "storevitals-agent", "run"]
    assert "is running" in inside(root, *begun, status=124)
    assert "Nothing waits" not in inside(root, "storevitals-agent", "outbox")
    unit = (root / "etc/systemd/system/storevitals-agent.service").read_text()
    assert "WatchdogSec=60" in unit


def test_the_package_installs_works_and_leaves_nothing(clean: Path, tmp_path: Path) -> None:
    arch = ARCH[platform.machine()]
    subprocess.run(["sh", ROOT / "deploy/build-deb.sh", arch, tmp_path], check=True)
    (package,) = tmp_path.glob("*.deb")
    before = files(clean)
    shutil.copy(package, clean / "tmp/agent.deb")
    inside(clean, "dpkg", "-i", "/tmp/agent.deb")  # noqa: S108 inside the new root
    works(clean)
    inside(clean, "dpkg", "--remove", "storevitals-agent")
    assert (clean / "etc/storevitals/agent.toml").exists(), "removing keeps what is the shop's"
    inside(clean, "dpkg", "--purge", "storevitals-agent")
    (clean / "tmp/agent.deb").unlink()
    assert files(clean) - before == set()
    assert "storevitals" not in (clean / "etc/passwd").read_text()


def test_the_script_installs_works_and_leaves_nothing(clean: Path, tmp_path: Path) -> None:
    arch = ARCH[platform.machine()]
    subprocess.run(["sh", ROOT / "deploy/make-wheelhouse.sh", arch, tmp_path / "agent"], check=True)
    before = files(clean)
    shutil.copytree(tmp_path / "agent", clean / "root/agent")
    inside(clean, "sh", "/root/agent/install-agent.sh")
    works(clean)
    inside(clean, "sh", "/root/agent/install-agent.sh")  # again: an update keeps the configuration
    assert (clean / "etc/storevitals/agent.toml").exists()
    inside(clean, "sh", "/root/agent/install-agent.sh", "--uninstall")
    shutil.rmtree(clean / "root/agent")
    assert files(clean) - before == set()
    assert "storevitals" not in (clean / "etc/passwd").read_text()


def test_a_wheelhouse_for_another_machine_is_refused_and_changes_nothing(
    clean: Path, tmp_path: Path
) -> None:
    (tmp_path / "agent/wheelhouse").mkdir(parents=True)
    (tmp_path / "agent/wheelhouse/storevitals-0.0.0-py3-none-any.whl").write_bytes(b"")
    shutil.copy(ROOT / "deploy/install-agent.sh", tmp_path / "agent")
    shutil.copytree(tmp_path / "agent", clean / "root/wrong")
    said = inside(clean, "sh", "/root/wrong/install-agent.sh", status=1)
    assert "no wheels for this machine" in said
    assert not (clean / "opt/storevitals").exists()
    shutil.rmtree(clean / "root/wrong")
