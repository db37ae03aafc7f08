"""A change on trial: what the launcher puts back unless the agent has proved itself in time.

Standard library only: the launcher must start whatever became of the rest. All files are in
`<data_dir>/remote`; each is replaced in one step, so a power cut leaves the old or the new one.

`agent.toml` is the configuration that the hub ordered and `agent.toml.good` the one before it;
`software.json` names the environment to start, `software.json.good` the one before. A file that
was not there before is remembered as an empty one.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = "remote"
CONFIGURATION, SOFTWARE = "agent.toml", "software.json"
RESTART = 75  # exit status of an agent that wants to be started anew
MOST_STARTS = 3
_TRIAL, _RETURNED = "trial.json", "returned.json"


@dataclass(frozen=True, slots=True)
class Trial:
    """`what` is the file that was changed; `online` the devices that answered before it."""

    order: str
    what: str
    online: tuple[str, ...] = ()
    starts: int = 0
    failure: str = ""  # why it has to go back


def read(folder: Path) -> Trial | None:
    found = _document(folder / _TRIAL)
    if found is None:
        return None
    return Trial(
        str(found.get("order", "")),
        str(found.get("what", "")),
        tuple(map(str, found.get("online", ()))),
        int(found.get("starts", 0)),
        str(found.get("failure", "")),
    )


def begin(folder: Path, trial: Trial, content: bytes) -> None:
    """Keep what is, then change it; cut anywhere between, the launcher puts it right."""
    now = folder / trial.what
    replace(folder / f"{trial.what}.good", now.read_bytes() if now.exists() else b"")
    write(folder, trial)
    replace(now, content)


def write(folder: Path, trial: Trial) -> None:
    replace(folder / _TRIAL, json.dumps(asdict(trial)).encode())


def confirm(folder: Path) -> None:
    """It has proved itself; there is nothing to go back to any more."""
    (folder / _TRIAL).unlink(missing_ok=True)


def go_back(folder: Path, trial: Trial) -> None:
    """Put back what was before. Done twice, it does the same."""
    before = folder / f"{trial.what}.good"
    kept = before.read_bytes() if before.exists() else b""
    if kept:
        replace(folder / trial.what, kept)
    else:
        (folder / trial.what).unlink(missing_ok=True)
    told = {"order": trial.order, "failure": trial.failure}
    replace(folder / _RETURNED, json.dumps(told).encode())
    (folder / _TRIAL).unlink(missing_ok=True)


def returned(folder: Path) -> tuple[str, str] | None:
    """Order and reason of what was put back and not told yet."""
    found = _document(folder / _RETURNED)
    return (str(found.get("order")), str(found.get("failure"))) if found else None


def told_returned(folder: Path) -> None:
    (folder / _RETURNED).unlink(missing_ok=True)


def count_start(folder: Path) -> None:
    """For the launcher, before each start: goes back from what failed or starts too often."""
    trial = read(folder)
    if trial is None:
        return
    failure = trial.failure
    if not failure and trial.starts >= MOST_STARTS:
        failure = f"it ended {trial.starts} times before it had proved itself"
    counted = Trial(trial.order, trial.what, trial.online, trial.starts + 1, failure)
    if failure:
        go_back(folder, counted)
    else:
        write(folder, counted)


def replace(path: Path, content: bytes) -> None:
    """In one step, and on the disk when it returns."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:  # noqa: PTH123
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _document(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
