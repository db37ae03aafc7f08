"""Serial lines in software: pseudo-terminals under names that stay."""

import contextlib
import os
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SerialLine:
    """`fd` is the device's end; `path` is where the agent opens the other."""

    fd: int
    path: Path

    def write(self, data: bytes) -> bool:
        """Say something; False when nobody listens and the line is full, as on a real wire."""
        try:
            return os.write(self.fd, data) == len(data)
        except BlockingIOError:
            return False


@contextlib.contextmanager
def open_lines(folder: Path, names: list[str]) -> Iterator[dict[str, SerialLine]]:
    """One line a name, found at `folder/name` until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_open(folder / name)) for name in names}


@contextlib.contextmanager
def _open(path: Path) -> Iterator[SerialLine]:
    ours, theirs = os.openpty()
    try:
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(theirs))
        fresh.replace(path)
        # `theirs` stays open: a line without any reader would report an error to its writer.
        yield SerialLine(ours, path)
    finally:
        path.unlink(missing_ok=True)
        os.close(ours)
        os.close(theirs)
