"""The journal position that a remote engine has safely taken in, in a small file of the hub."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Kept(Protocol):
    """A position that outlives the process; `save` is durable on return."""

    position: int

    def save(self, position: int) -> None: ...
    def copy_to(self, folder: Path) -> None: ...


PlaceOf = Callable[[Path, str], Kept]
"""The hub's folder of time series, the name of the database → its place."""


class Place:
    """Belongs to one database: a file of another one counts as none, so all is written anew."""

    def __init__(self, folder: Path, database: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path, self._database = folder / "position.json", database
        self.position = self._load()

    def save(self, position: int) -> None:
        """Whole or not at all, also when the power fails."""
        if position == self.position:
            return
        text = json.dumps({"database": self._database, "position": position})
        draft = self._path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.position = position

    def copy_to(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        if self._path.exists():
            shutil.copyfile(self._path, folder / self._path.name)

    def _load(self) -> int:
        if not self._path.exists():
            return 0
        held = json.loads(self._path.read_text("utf-8"))
        return int(held["position"]) if held["database"] == self._database else 0
