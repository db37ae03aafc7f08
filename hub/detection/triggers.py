"""Triggers: a condition must hold for its time before it counts, and be gone for its time to end.

Time off the limit takes half its length back, so a value that flutters around the limit raises
once and clears once (ALR-13). Only series with something on are looked at here; a quiet one has
nothing to count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.detection.defaults import (
    CRITICAL,
    DOWN,
    GROUPS,
    HIGH,
    LOW,
    N_GROUPS,
    N_TRIGGERS,
    SHIFT_DOWN,
    SHIFT_UP,
)

SHIFT_HASTE = 5.0  # beyond its usual range as well, a machine is believed so much sooner
NEW_NORMAL_S = 86_400.0  # a shift that no limit minds is the new level after this

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

BOOK = np.dtype(
    [
        ("was_on", "?", (N_TRIGGERS,)),
        ("is_active", "?", (N_TRIGGERS,)),
        ("held_s", "<f8", (N_TRIGGERS,)),
        ("gone_s", "<f8", (N_TRIGGERS,)),
        ("since_ms", "<i8", (N_TRIGGERS,)),
        ("level", "u1", (N_GROUPS,)),  # severity that holds; 0: nothing
        ("announced", "u1", (N_GROUPS,)),  # severity that was told
        ("began_ms", "<i8", (N_GROUPS,)),
        ("peak", "<f8", (N_GROUPS,)),
    ]
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of each busy series: `reading` indexes the block's runs."""

    reading: Indices
    t_ms: NDArray[np.int64]
    value: Floats
    is_fresh: Bools
    usual: Floats
    dt_s: Floats  # that count: 0 after a silence


@dataclass(frozen=True, slots=True)
class Transition:
    """One change worth a word: `reading` indexes the block's runs, severities are 0 for none."""

    reading: int
    group: int
    announced: int
    before: int
    after: int
    began_ms: int
    trigger: int
    peak: float
    usual: float


def count_time(
    book: NDArray[np.void], params: NDArray[np.void], now: Moment, flags: tuple[Bools, Bools]
) -> None:
    """Held and gone times of every trigger, and which are active."""
    on, off = flags
    dt_s, t_ms = now.dt_s[:, None], now.t_ms[:, None]
    held_s, was_on, is_active = book["held_s"], book["was_on"], book["is_active"]
    np.copyto(book["since_ms"], t_ms, where=on & (held_s == 0.0) & ~was_on)
    haste = np.ones_like(held_s)
    haste[:, [HIGH, CRITICAL]] += (SHIFT_HASTE - 1.0) * on[:, [SHIFT_UP]]
    haste[:, LOW] += (SHIFT_HASTE - 1.0) * on[:, SHIFT_DOWN]
    held_s += np.where(on & was_on, dt_s * haste, 0.0) - np.where(off, dt_s / 2, 0.0)
    np.clip(held_s, 0.0, params["hold_s"], out=held_s)
    gone_s = book["gone_s"]
    gone_s[:] = np.where(off, np.where(gone_s >= 0.0, gone_s + dt_s, 0.0), -1.0)
    is_active |= on & (held_s >= params["hold_s"])
    is_over = is_active & off & (gone_s >= params["clear_s"])
    is_active &= ~is_over
    held_s[is_over] = 0.0
    was_on[:] = on


def accept_new_normal(book: NDArray[np.void], t_ms: NDArray[np.int64]) -> Bools:
    """Where a level stays, though no limit is broken: it is a new setting, to be learned from."""
    old = (t_ms[:, None] - book["since_ms"]) > NEW_NORMAL_S * 1000
    active = book["is_active"]
    others = active[:, [HIGH, CRITICAL, LOW]].any(axis=1)
    accepted: Bools = (active & old)[:, [SHIFT_UP, SHIFT_DOWN]].any(axis=1) & ~others
    return accepted


def changes(book: NDArray[np.void], params: NDArray[np.void], now: Moment) -> list[Transition]:
    """New levels of the groups, and what of it is worth a word."""
    level = book["level"]
    if not (book["is_active"].any() or level.any()):
        return []
    before = level.copy()
    severity = np.where(book["is_active"], params["severity"], 0).astype(np.uint8)
    for group, triggers in enumerate(GROUPS):
        level[:, group] = severity[:, triggers].max(axis=1)
    _date(book, now, (before == 0) & (level > 0))
    is_told = now.is_fresh[:, None] & (level > 0) & (level != book["announced"])  # worse or better
    is_over = (level == 0) & (before > 0)
    found = [
        _transition(book[row], severity[row], now, (int(row), int(group), int(before[row, group])))
        for row, group in zip(*np.nonzero(is_told | is_over), strict=True)
    ]
    np.copyto(book["announced"], level, where=is_told | is_over)
    return found


def _date(book: NDArray[np.void], now: Moment, has_begun: Bools) -> None:
    """Since when each group holds, and its worst value so far."""
    for group, triggers in enumerate(GROUPS):
        active, since_ms = book["is_active"][:, triggers], book["since_ms"][:, triggers]
        since = np.where(active, since_ms, now.t_ms[:, None]).min(axis=1)
        begun, peak = has_begun[:, group], book["peak"][:, group]
        np.copyto(book["began_ms"][:, group], since, where=begun)
        worst = np.fmin if group == DOWN else np.fmax
        peak[:] = np.where(begun, now.value, worst(peak, now.value))


def _transition(
    cell: np.void, severity: NDArray[np.uint8], now: Moment, place: tuple[int, int, int]
) -> Transition:
    row, group, before = place
    worst = max(GROUPS[group], key=lambda column: int(severity[column]))
    return Transition(
        reading=int(now.reading[row]),
        group=group,
        announced=int(cell["announced"][group]),
        before=before,
        after=int(cell["level"][group]),
        began_ms=int(cell["began_ms"][group]),
        trigger=worst if severity[worst] else -1,
        peak=float(cell["peak"][group]),
        usual=float(now.usual[row]),
    )
