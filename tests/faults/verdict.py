"""What a check of the one invariant found."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SHOWN = 12  # faults of one kind in the report


@dataclass(slots=True)
class Verdict:
    """What was found; `faults` is empty when the invariant holds."""

    readings: int = 0
    batches: int = 0
    lost: int = 0
    doubled: int = 0
    in_outbox: int = 0
    in_gaps: int = 0
    tickets: int = 0
    alerts: int = 0
    points: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, sentence: str) -> None:
        self.faults.append(sentence)

    def compare(self, what: str, found: Counter[Any], expected: Counter[Any]) -> None:
        """Multisets that must be equal."""
        for items, word in ((expected - found, "missing"), (found - expected, "too many")):
            if items:
                self.fault(f"{what}, {word} {items.total()}: {list(items)[:SHOWN]}")

    def line(self, kills: int = 0) -> str:
        return (
            f"kills {kills}, readings {self.readings} in {self.batches} batches, lost {self.lost}, "
            f"doubled {self.doubled}, in the outbox {self.in_outbox}, in gaps {self.in_gaps}, "
            f"points {self.points}, tickets {self.tickets}, alerts {self.alerts}, "
            f"faults {len(self.faults)}"
        )
