"""The outbox and its disk: it stops growing on one that fills up, and throws off ballast when full.

On a full disk SQLite cannot even delete, so some megabytes are kept for that moment.
"""

import logging
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

BALLAST_BYTES = 4_000_000
CRAMPED_SHARE, ROOMY_SHARE = 0.90, 0.85
LEAST_BYTES = 100_000
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Wear:
    """What the agent does to the card: syncs of the outbox, and all that the process wrote."""

    syncs_per_s: float
    written_bytes_per_day: float | None  # None where the system does not tell


class DiskWatch:
    """`bound` is how big the outbox may be now; `look` is called once a minute."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._folder, self._ballast = path.parent, Path(f"{path}.ballast")
        self._max_bytes = self.bound = max_bytes
        self._ballast_bytes = min(BALLAST_BYTES, max_bytes // 30)
        self._load()

    def look(self, used_bytes: int) -> None:
        """Stop growing above 90 % of the disk; grow again, and take ballast, below 85 %."""
        share = self._share()
        if share > CRAMPED_SHARE:
            self._stop_growing(used_bytes)
        elif share < ROOMY_SHARE:
            if self.bound < self._max_bytes:
                log.info("The disk of the outbox has room again: it may grow.")
            self.bound = self._max_bytes
            self._load()

    def is_full(self, used_bytes: int) -> bool:
        """The disk took nothing: True if there was ballast to throw off, so that it is tried again
        at once, in less room than before."""
        if not self._ballast.exists():
            return False
        with suppress(OSError):
            self._ballast.unlink()
        log.error("The disk of the outbox is full: ballast was thrown off. Free disk space.")
        self._stop_growing(used_bytes)
        return True

    def _stop_growing(self, used_bytes: int) -> None:
        if self.bound == self._max_bytes:
            log.warning("The disk of the outbox is 90 % full: it grows no more. Free disk space.")
            self.bound = max(LEAST_BYTES, int(used_bytes * 0.9))

    def _share(self) -> float:
        usage = shutil.disk_usage(self._folder)
        return 1 - usage.free / usage.total

    def _load(self) -> None:
        """Real blocks, not a hole; never where it would itself make the disk full."""
        if self._ballast.exists():
            return
        usage = shutil.disk_usage(self._folder)
        if usage.free - self._ballast_bytes < (1 - ROOMY_SHARE) * usage.total:
            return
        with suppress(OSError), self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, self._ballast_bytes)


class WearCount:
    """Counts since it was made."""

    def __init__(self) -> None:
        self.syncs = 0
        self._since_s, self._before = time.monotonic(), _written_bytes()

    def wear(self) -> Wear:
        elapsed_s = max(time.monotonic() - self._since_s, 1.0)
        now = _written_bytes()
        written = None if now is None or self._before is None else now - self._before
        a_day = None if written is None else written / elapsed_s * _DAY_S
        return Wear(self.syncs / elapsed_s, a_day)


def _written_bytes() -> int | None:
    """What this process caused to be written to disks, by /proc/self/io."""
    try:
        lines = Path("/proc/self/io").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))
    except (OSError, ValueError, StopIteration):
        return None
