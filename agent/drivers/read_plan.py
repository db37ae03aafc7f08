"""Which requests read a device: merged by cost, split where the device refused, kept on disk."""

import hashlib
import json
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocols.modbus.codec import Block, Cut, ReadCost, plan
from protocols.modbus.profile import Profile, Table

log = logging.getLogger(__name__)

REFUSED_AGAIN_S = 3600.0  # a register that the device lacks is asked for so seldom


@dataclass(slots=True, eq=False)
class Part:
    """One request of the device and when it was last answered, by the monotonic clock."""

    block: Block
    read_at: float = -math.inf
    is_refused: bool = False

    @property
    def period_s(self) -> float:
        return REFUSED_AGAIN_S if self.is_refused else self.block.period_s

    def __str__(self) -> str:
        block = self.block
        first, last = block.address, block.address + block.count - 1
        where = f"{first}" if first == last else f"{first}–{last}"
        return f"{block.table.value} {where}{' (refused)' if self.is_refused else ''}"


def _read_at(part: Part) -> float:
    return part.read_at


@dataclass(frozen=True, slots=True)
class Learned:
    """What a device taught us about its map, beside what its profile says."""

    cuts: frozenset[Cut] = frozenset()
    refused: frozenset[str] = frozenset()  # metrics


class ReadPlan:
    """The parts of one device; changes when the device refuses one of them."""

    def __init__(self, profile: Profile, cost: ReadCost, learned: Learned | None = None) -> None:
        known = learned or Learned()
        self._cuts, self._refused = set(known.cuts), set(known.refused)
        self.has_news = False  # of what was learned
        self.parts = [Part(block) for block in plan(profile, cost, self._cuts)]
        for part in self.parts:
            part.is_refused = self._is_refused(part.block)

    @property
    def learned(self) -> Learned:
        return Learned(frozenset(self._cuts), frozenset(self._refused))

    @property
    def refused(self) -> list[str]:
        """Metrics that this device does not have."""
        return sorted(self._refused)

    def due(self, now_s: float) -> list[Part]:
        """At least one part, so that every poll tells whether the device is there."""
        due = [part for part in self.parts if now_s - part.read_at >= part.period_s]
        due.sort(key=_read_at)  # what a short turn left over comes first in the next
        return due or self.parts[:1]

    def split(self, part: Part) -> list[Part]:
        """What is asked instead of `part`, which the device refused; learned for good."""
        pieces, self.has_news = part.block.split(), True
        self._cut(part.block, pieces)
        return self._replace(part, pieces)

    def split_gaps(self, part: Part) -> None:
        """Silence instead of a refusal: some devices say nothing to addresses they do not know.

        Not learned: the device may as well have been dead.
        """
        if part.read_at == -math.inf and len(runs := part.block.runs()) > 1:
            self._replace(part, runs)

    def refuse(self, part: Part, now_s: float) -> None:
        """One register that the device does not have."""
        part.read_at, part.is_refused = now_s, True
        self.has_news = True
        self._refused.update(register.metric for register in part.block.registers)

    def answered(self, part: Part, now_s: float) -> None:
        part.read_at = now_s
        if part.is_refused:
            part.is_refused, self.has_news = False, True
            self._refused.difference_update(r.metric for r in part.block.registers)

    def _cut(self, block: Block, pieces: Iterable[Block]) -> None:
        """Also after its last address: what follows may be joined to it at the next start."""
        for piece in pieces:
            self._cuts.add((piece.table, piece.address))
        self._cuts.add((block.table, block.address + block.count))

    def _replace(self, part: Part, blocks: Iterable[Block]) -> list[Part]:
        at = self.parts.index(part)
        self.parts[at : at + 1] = new = [Part(block) for block in blocks]
        return new

    def _is_refused(self, block: Block) -> bool:
        return all(register.metric in self._refused for register in block.registers)


@dataclass(slots=True)
class PlanStore:
    """What the devices taught, as JSON beside the outbox; losing it costs some requests."""

    path: Path
    _rows: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            rows = json.loads(self.path.read_text("utf-8"))
            self._rows = rows if isinstance(rows, dict) else {}
        except FileNotFoundError:
            pass
        except (OSError, ValueError):
            log.warning("%s was torn and is started anew: plans are learned again.", self.path)

    def get(self, device: str, profile: Profile) -> Learned:
        row = self._rows.get(device)
        try:
            if row and row["profile"] == fingerprint(profile):
                cuts = frozenset((Table(table), int(address)) for table, address in row["cuts"])
                return Learned(cuts, frozenset(map(str, row["refused"])))
        except (KeyError, TypeError, ValueError):
            log.warning("%s: what was known of %s makes no sense.", self.path, device)
        return Learned()

    def put(self, device: str, profile: Profile, learned: Learned) -> None:
        cuts = sorted([table.value, address] for table, address in learned.cuts)
        self._rows[device] = {
            "profile": fingerprint(profile),
            "cuts": cuts,
            "refused": sorted(learned.refused),
        }
        temporary = self.path.with_suffix(".new")
        try:
            temporary.write_text(json.dumps(self._rows, indent=1), "utf-8")
            temporary.replace(self.path)
        except OSError as error:
            log.warning("%s could not be written (%s): is the disk full?", self.path, error)


def fingerprint(profile: Profile) -> str:
    """Changes with the register map: what was learned of an older one is forgotten."""
    text = profile.model_dump_json(include={"max_words", "max_bits", "max_gap", "registers"})
    return hashlib.sha256(text.encode()).hexdigest()[:16]
