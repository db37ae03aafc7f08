"""A clean Debian 12 in a folder; needs root and debootstrap, and a mirror as apt knows one."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


def mirror() -> str:
    texts = [
        path.read_text()
        for path in Path("/etc/apt").rglob("*")
        if path.suffix in (".list", ".sources")
    ]
    found = re.search(r"https?://\S+/debian/?(?=\s)", "\n".join(texts) + "\n")
    return found[0] if found else "http://deb.debian.org/debian"


@contextmanager
def debian(folder: Path, packages: Sequence[str]) -> Iterator[Path]:
    """Its root, with these packages; gone with the test."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it makes a root file system")
    if shutil.which("debootstrap", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("needs debootstrap: apt-get install debootstrap")
    root = folder / "root"
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}"]
    done = subprocess.run(
        [*command, "bookworm", str(root), mirror()], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"debootstrap reached no mirror: {done.stdout[-300:]}")
    subprocess.run(["mount", "--bind", "/dev", str(root / "dev")], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)
    try:
        yield root
    finally:
        for name in ("proc", "dev"):
            subprocess.run(["umount", str(root / name)], check=True)
        shutil.rmtree(root)


def run_inside(root: Path, network: Sequence[str], words: Sequence[str], status: int = 0) -> str:
    """What a command says in that root and that network; its status must be `status`."""
    command = [*network, "chroot", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=300)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert done.returncode == status, said
    return said
