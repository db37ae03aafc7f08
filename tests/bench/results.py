"""What a benchmark found: a table for people on stdout, and its part of `bench-results.json`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parents[2] / "bench-results.json"


@dataclass(frozen=True, slots=True)
class Result:
    """`limit` is the promise: an upper one, or a lower one where `is_minimum`."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    is_minimum: bool = False

    @property
    def is_kept(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.is_minimum else self.value <= self.limit


def report(title: str, results: Sequence[Result]) -> None:
    """Print the table and merge it under `title` into the file; other titles stay."""
    lines = [f"\n{title}\n"]
    for r in results:
        sign = "≥" if r.is_minimum else "≤"
        limit = "" if r.limit is None else f"{sign} {r.limit:,.10g} {r.unit}"
        verdict = "" if r.limit is None else "kept" if r.is_kept else "BROKEN"
        lines.append(f"  {r.name:<58}{r.value:>14,.4g} {r.unit:<10}{limit:<20}{verdict}\n")
    sys.stdout.write("".join(lines))
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    known[title] = [asdict(r) for r in results]
    RESULTS.write_text(json.dumps(known, ensure_ascii=False, indent=2) + "\n", "utf-8")


def broken(results: Sequence[Result]) -> list[str]:
    return [f"{r.name}: {r.value:.4g} {r.unit}" for r in results if not r.is_kept]
