"""What a dossier of one store says, gathered with the rights of the one who asks for it.

Records of every type that belongs to the store stand in it as in their lists: what a role does not
see there (costs, personal fields) is masked here, and what it may not read at all is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from hub.alerts.models import Alert
from hub.alerts.playbook import says
from hub.alerts.plays import Plays
from hub.analytics.cold_chain import COLD_TYPES, ColdChainSignature, excursions, figures
from hub.analytics.health import Health, health
from hub.analytics.stores import StoreClock
from hub.archive.catalogue import RECORD_TYPES
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.detection.findings import Rule, Severity
from hub.errors import T
from hub.kit.db import Record, ScopedSession
from hub.kit.files.models import StoredFile
from hub.kit.records.access import readable, right_of
from hub.kit.records.custom import fields_in
from hub.kit.records.declare import Field, fields_of, shown
from hub.kit.records.kinds import Kind, Show
from hub.kit.records.names import names_of, references
from hub.kit.tables import StoreScoped
from hub.maintenance.models import WorkOrder
from hub.maintenance.service import NAMES, OrderQuery, find
from hub.security.actor import Actor
from hub.timeseries.port import TimeSeries
from hub.web.api.store_health import RIGHTS
from hub.web.language import Language, say
from hub.web.records.cells import Cells

YEAR, MONTH = timedelta(days=365), timedelta(days=30)
MOST_ROWS, MOST_COLUMNS = 400, 7
COLUMNS = {
    Equipment.__tablename__: (
        "code",
        "name",
        "type",
        "brand",
        "model",
        "purchased_on",
        "warranty_until",
        "cost_minor",
    )
}
"""Where what is bought, guaranteed and paid says more in print than the columns of the list."""
WIDE = (Kind.TEXT, Kind.REFERENCE, Kind.LONG_TEXT)


@dataclass(frozen=True, slots=True)
class Listed:
    """The records of one type: heads with whether numbers stand under them."""

    title: str
    heads: Sequence[tuple[str, bool, int]]
    rows: Sequence[Sequence[str]]
    left_out: int


@dataclass(frozen=True, slots=True)
class ColdUnit:
    """A cold machine over a month; None where nothing was read."""

    name: str
    setpoint_c: float | None
    low_c: float | None
    mean_c: float | None
    high_c: float | None
    excursions: int

    @property
    def degrees(self) -> tuple[float | None, ...]:
        return (self.setpoint_c, self.low_c, self.mean_c, self.high_c)


_NOTHING = (None, None, None, 0)


@dataclass(frozen=True)
class Dossier:
    """One store for one asker at one moment; what may not be seen is None or missing."""

    store: Store
    session: ScopedSession
    actor: Actor
    language: Language
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.store.zone)

    def may(self, right: str) -> bool:
        return self.actor.may(right, self.store.id)

    def facts(self) -> list[tuple[str, str]]:
        """Every fact of the store itself."""
        known = fields_in(self.session, Store)
        names = names_of(self.session, references([self.store], known))
        cells = Cells(self.language, self.zone, names)
        fields = [f for f in known.values() if f.spec.kind is not Kind.LINES]
        found = [(say(self.language, f.label), cells.of(f, self.store)) for f in fields]
        return [(label, f"{cell.text} {cell.unit}".strip()) for label, cell in found]

    def health(self) -> Health | None:
        if not all(self.may(right) for right in RIGHTS):
            return None
        return health(self.session, StoreClock.of(self.store), self.now)

    def records(self) -> Iterator[Listed]:
        """Every type that belongs to stores and has records here, in the order of the archive."""
        for model in RECORD_TYPES:
            if not issubclass(model, StoreScoped) or "store_id" not in fields_of(model):
                continue
            if self.may(right_of(model, "read")) and (found := self._listed(model)):
                yield found

    def _listed(self, model: type[Record]) -> Listed | None:
        here = (
            model.store_id == self.store.id,  # type: ignore[attr-defined]  # of StoreScoped
            model.archived_at.is_(None),
            *readable(self.session, model),
        )
        order = fields_of(model)[model.__record__.order.removeprefix("-")].attribute
        query = select(model).where(*here).order_by(order, model.id)
        records = self.session.scalars(query.limit(MOST_ROWS)).all()
        if not records:
            return None
        number = self.session.scalar(select(func.count(model.id)).where(*here)) or 0
        fields = _columns(model)
        cells = Cells(self.language, self.zone, names_of(self.session, references(records)))
        rows = [[_text(cells, field, one) for field in fields] for one in records]
        heads = [
            (say(self.language, f.label), f.is_number, 3 if f.spec.kind in WIDE else 2)
            for f in fields
        ]
        title = say(self.language, model.__record__.label)
        return Listed(title, heads, rows, number - len(records))

    def alerts(self) -> Sequence[Alert] | None:
        """Those of a year, newest first."""
        if not self.may("alerts.read"):
            return None
        query = select(Alert).where(
            Alert.store_id == self.store.id, Alert.raised_at > self.now - YEAR
        )
        return self.session.scalars(query.order_by(Alert.raised_at.desc())).all()

    def told(self, alerts: Sequence[Alert]) -> list[tuple[Alert, str, str]]:
        """Each with its title and its sentence."""
        plays = Plays.of(self.session)
        return [
            (
                one,
                say(self.language, plays[Rule(one.rule)].title),
                say(self.language, says(Rule(one.rule), one.evidence)),
            )
            for one in alerts
        ]

    def repairs(self) -> Sequence[WorkOrder] | None:
        """The work orders of a year, newest first."""
        if not self.may("work_orders.read"):
            return None
        found = find(self.session, OrderQuery(store_ids=(self.store.id,), size=MOST_ROWS))
        return [one for one in found if one.created_at > self.now - YEAR]

    def sees_costs(self) -> bool:
        return self.may(right_of(Equipment, "cost"))

    def machines(self) -> dict[object, str]:
        query = select(Equipment.id, Equipment.name).where(Equipment.store_id == self.store.id)
        return {row.id: row.name for row in self.session.execute(query)}

    def status_of(self, order: WorkOrder) -> str:
        return say(self.language, NAMES[order.order_status])

    def files(self) -> list[tuple[StoredFile, T]]:
        """Files of the store and of its records that may be read, with the name of the type."""
        models = {m.__tablename__: m for m in RECORD_TYPES if self.may(right_of(m, "read"))}
        its_own = (StoredFile.owner_type == Store.__tablename__) & (
            StoredFile.owner_id == self.store.id
        )
        query = select(StoredFile).where(
            or_(StoredFile.store_id == self.store.id, its_own),
            StoredFile.owner_type.in_(list(models)),
            StoredFile.removed_at.is_(None),
        )
        rows = self.session.scalars(query.order_by(StoredFile.added_at.desc()).limit(MOST_ROWS))
        return [(row, models[row.owner_type].__record__.one) for row in rows]

    def signed_days(self) -> int | None:
        """How many days of the last year have a signed cold-chain log."""
        if not self.may("readings.read"):
            return None
        since = (self.now - YEAR).date()
        query = select(func.count(ColdChainSignature.id)).where(
            ColdChainSignature.store_id == self.store.id, ColdChainSignature.day >= since
        )
        return self.session.scalar(query) or 0


def cold_units(
    dossier: Dossier, timeseries: TimeSeries, series_of: Mapping[str, int]
) -> list[ColdUnit]:
    """Every cold machine over the last MONTH, with how often it was out of its limits."""
    start, end = dossier.now - MONTH, dossier.now
    units = dossier.session.scalars(
        select(Equipment)
        .where(
            Equipment.store_id == dossier.store.id,
            Equipment.type.in_(COLD_TYPES),
            Equipment.archived_at.is_(None),
        )
        .order_by(Equipment.code)
    ).all()
    known = figures(timeseries, list(series_of.values()), start, end)
    out = excursions(dossier.session, dossier.store.id, start, end)
    found = []
    for unit in units:
        device = unit.device_id or ""
        low, high, mean, _ = known.get(series_of.get(device, -1), _NOTHING)
        times = len(out.get(device, ()))
        found.append(ColdUnit(unit.name, unit.setpoint_c, low, mean, high, times))
    return found


def counted(alerts: Sequence[Alert]) -> dict[Severity, int]:
    """How many of each severity, the worst first."""
    found = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for one in alerts:
        found[one.severity_level] += 1
    return found


def _columns(model: type[Record]) -> list[Field]:
    """As in the list of the type, without the store, which is the same in each row."""
    if chosen := COLUMNS.get(model.__tablename__):
        return [fields_of(model)[name] for name in chosen]
    usual = [f for f in shown(model, Show.LIST) if f.name != "store_id"]
    usual.sort(key=lambda field: not field.has(Show.KEY | Show.TITLE))
    return [f for f in usual if f.spec.kind is not Kind.LINES][:MOST_COLUMNS]


def _text(cells: Cells, field: Field, record: Record) -> str:
    cell = cells.of(field, record)
    return f"{cell.text} {cell.unit}".strip()
