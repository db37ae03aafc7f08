"""A real disk of a few megabytes, and somebody else who fills it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk_of(size_mb: int, folder: Path) -> Iterator[Path]:
    """A new folder on a tmpfs of its own, which only root may mount."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip(f"A disk of {size_mb} MB needs the right to mount a tmpfs.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Somebody else writes until not a byte is left."""
    rubbish = folder / "rubbish"
    with rubbish.open("ab", buffering=0) as file:
        for size in (1_000_000, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return rubbish
