"""What one backup holds: every file with size and hash, and counts that a restore must find."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """`path` within the data directory; `is_final`: a file of this name never changes."""

    path: str
    size: int
    sha256: str
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """`name` is its instant, so names sort by age."""

    name: str
    version: str
    entries: Sequence[Entry]
    counts: Mapping[str, int]

    def text(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)})

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        held = json.loads(text)
        entries = [Entry(**entry) for entry in held["entries"]]
        return cls(held["name"], held["version"], entries, held["counts"])


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
