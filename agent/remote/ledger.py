"""Which orders were taken: each is done once, however often it comes and whenever power fails."""

import json
from dataclasses import asdict
from pathlib import Path

from agent.remote import trial
from protocols.errors import FrameError
from protocols.orders import Order, Outcome, Result, parse_result

NAME = "orders.json"
MOST = 500


class Ledger:
    """One file in `<data_dir>/remote`, rewritten in one step; the worker alone writes it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._kept: dict[str, dict[str, object]] = _read(self._path)

    def find(self, order_id: str) -> Result | None:
        """What became of an order that was begun before."""
        kept = self._kept.get(order_id)
        if kept is None:
            return None
        try:
            return parse_result(json.dumps(kept["result"]))
        except (FrameError, KeyError):
            return None

    def note(self, order: Order, result: Result) -> None:
        """On the disk when it returns. Those that have expired are forgotten: they are refused."""
        begun = order.issued_ms
        kept = {i: k for i, k in self._kept.items() if int(str(k["expires_ms"])) > begun}
        kept[order.id] = {"expires_ms": order.expires_ms, "result": asdict(result)}
        self._kept = dict(list(kept.items())[-MOST:])
        trial.replace(self._path, json.dumps(self._kept).encode())

    def settle(self, order_id: str, result: Result) -> None:
        """The end of a trial."""
        if order_id in self._kept:
            self._kept[order_id]["result"] = asdict(result)
            trial.replace(self._path, json.dumps(self._kept).encode())

    def unfinished(self) -> list[str]:
        """Begun, and then the power failed."""
        found = [(i, self.find(i)) for i in self._kept]
        return [i for i, result in found if result and result.outcome is Outcome.BEGUN]


def _read(path: Path) -> dict[str, dict[str, object]]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
