"""Limits that a chain sets itself, found for each series: the more exact one counts."""

from collections import defaultdict
from functools import reduce
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from hub.archive.alert_rules.records import AlertLimit
from hub.detection.defaults import Override

_SCOPES = (("for_type", 1), ("for_model_id", 2), ("for_store_id", 4), ("for_equipment_id", 8))


class Overrides:
    """All limits in use, by chain and metric, the general ones first."""

    def __init__(self, connection: Connection) -> None:
        table = AlertLimit.__table__
        rows = connection.execute(
            select(table).where(table.c.archived_at.is_(None)).order_by(table.c.created_at)
        )
        self._rows: dict[tuple[UUID, str], list[Any]] = defaultdict(list)
        for row in rows:
            self._rows[row.chain_id, row.metric].append(row)
        for found in self._rows.values():
            found.sort(key=_rank)

    def of(self, metric: str, machine: Any) -> Override | None:
        """What counts for a metric of a row of equipment; None: the built-in limits."""
        found = self._rows.get((machine.chain_id, metric), ())
        fitting = [_override(row) for row in found if _fits(row, machine)]
        return reduce(lambda general, own: own.over(general), fitting) if fitting else None


def _rank(row: Any) -> int:
    return sum(weight for name, weight in _SCOPES if getattr(row, name) is not None)


def _fits(row: Any, machine: Any) -> bool:
    wanted = (row.for_type, row.for_model_id, row.for_store_id, row.for_equipment_id)
    real = (machine.type, machine.model_id, machine.store_id, machine.id)
    return all(one is None or one == other for one, other in zip(wanted, real, strict=True))


def _override(row: Any) -> Override:
    minutes = {"hold_s": row.hold_min, "clear_s": row.keep_min}
    return Override(
        high=row.high,
        critical=row.critical,
        low=row.low,
        hysteresis=row.hysteresis,
        is_off=row.is_off,
        **{name: None if value is None else value * 60.0 for name, value in minutes.items()},
    )
