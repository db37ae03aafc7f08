"""Rows of a file judged by the rules of their record type: new, known already, or wrong and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.errors import FieldsError, HubError, T
from hub.kit.exchange.columns import importable
from hub.kit.exchange.staging import Outcome, StagedRow
from hub.kit.exchange.values import CellError, Names, value_of_cell
from hub.kit.records.access import readable
from hub.kit.records.apply import Change, revised
from hub.kit.records.batch import Prepared, prepare, try_out
from hub.kit.records.custom import custom_fields
from hub.kit.records.declare import Field, shown
from hub.kit.records.kinds import Kind, Show
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

_WIDE = T("这一行比表头多 {n} 格。", "This row has {n} cells more than the heads.")
_KNOWN = T("已有同样的{label}。", "This {label} is taken.")
_TWIN = T("与第 {row} 行的{label}相同。", "Row {row} has the same {label}.")


class OnDuplicate(StrEnum):
    """What to do with a row whose record is there already."""

    SKIP = "skip"
    UPDATE = "update"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Plan:
    """How the file is read: which column is which field, and what holds for every row."""

    columns: Mapping[int, str]
    width: int  # how many heads there are
    on_duplicate: OnDuplicate = OnDuplicate.SKIP
    constants: Mapping[str, str] = field(default_factory=dict)
    batch_id: UUID | None = None
    reason: str = ""


@dataclass(slots=True)
class Judged:
    """A row with what it became: a record to be made, or a change of a known one."""

    row: StagedRow
    prepared: Prepared | None = None
    change: Change | None = None


@dataclass
class Judge:
    """Judges rows of one type in one session; what they name is looked up for all at once."""

    session: ScopedSession
    model: type[Record]
    plan: Plan
    is_trial: bool = False  # only to say what is wrong
    names: Names = field(init=False)
    fields: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        self.names = Names(self.session)
        self.fields = importable(self.model, custom_fields(self.session, self.model))

    def judge(self, rows: Sequence[StagedRow]) -> list[Judged]:
        read = [self._cells(row) for row in rows]
        references = [
            (one, str(values[name]))
            for values, _ in read
            for name, one in self.fields.items()
            if one.spec.kind is Kind.REFERENCE and values.get(name)
        ]
        self.names.look_up(references)
        for values, wrong in read:
            self._resolve(values, wrong)
        self._foresee(read)
        known = self._known([values for values, _ in read])
        return [
            self._one(row, values, wrong, known)
            for row, (values, wrong) in zip(rows, read, strict=True)
        ]

    def _cells(self, row: StagedRow) -> tuple[dict[str, Any], dict[str, T]]:
        """Values of the columns that are fields; an empty cell says nothing."""
        fields, wrong = self.fields, dict[str, T]()
        values: dict[str, Any] = dict(self.plan.constants)
        for number, cell in enumerate(row.cells):
            name = self.plan.columns.get(number)
            if name is None or not cell.strip():
                continue
            try:
                values[name] = value_of_cell(fields[name], cell)
            except CellError as error:
                wrong[name] = error.text
        return values, wrong

    def _resolve(self, values: dict[str, Any], wrong: dict[str, T]) -> None:
        """Words of references become ids, the store's first."""
        fields = self.fields
        for name in sorted(values, key=lambda one: one != "store_id"):
            if fields[name].spec.kind is Kind.REFERENCE:
                store_id = values.get("store_id") if name != "store_id" else None
                try:
                    values[name] = self.names.id_of(
                        fields[name],
                        str(values[name]),
                        store_id if isinstance(store_id, UUID) else None,
                    )
                except CellError as error:
                    wrong[name] = error.text

    def _foresee(self, read: Sequence[tuple[dict[str, Any], dict[str, T]]]) -> None:
        """What the type knows of many rows at once."""
        if self.model.__record__.foresee:
            found = self.model.__record__.foresee(self.session, [values for values, _ in read])
            for (_, wrong), problems in zip(read, found, strict=True):
                wrong |= {name: text for name, text in problems.items() if name not in wrong}

    def _known(self, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, ...], Record]:
        """Records that are there already, by their key."""
        key = key_of(self.model)
        words = {str(values[key.name]) for values in rows if values.get(key.name)}
        if not words:
            return {}
        found = select(self.model).where(
            self.model.archived_at.is_(None),
            key.attribute.in_(words),
            *readable(self.session, self.model),
        )
        return {
            self._key({key.name: getattr(r, key.name), "store_id": getattr(r, "store_id", None)}): r
            for r in self.session.scalars(found)
        }

    def _key(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """What tells one record from another: its code, within its store."""
        word = str(values.get(key_of(self.model).name, ""))
        in_store = "store_id" in self.fields
        return (str(values.get("store_id", "")), word) if in_store else (word,)

    def _one(
        self,
        row: StagedRow,
        values: dict[str, Any],
        wrong: dict[str, T],
        known: Mapping[tuple[str, ...], Record],
    ) -> Judged:
        key = self._key(values)
        row = replace(row, problems={}, key="\t".join(key) if key[-1] else "")
        wide = sum(1 for cell in row.cells[self.plan.width :] if cell.strip())
        if wide:
            wrong = {**wrong, "": _WIDE.format(n=wide)}
        record = known.get(key) if key[-1] else None
        try:
            if record is None:
                return self._new(row, values, wrong)
            return self._again(row, record, values, wrong)
        except FieldsError as error:
            return _wrong(row, {**(error.fields or {"": error.text}), **wrong})
        except HubError as error:
            return _wrong(row, {"": error.text, **wrong})

    def _new(self, row: StagedRow, values: dict[str, Any], wrong: dict[str, T]) -> Judged:
        change = Change(values=values, reason=self.plan.reason, batch_id=self.plan.batch_id)
        if self.is_trial or wrong:
            try_out(self.session, self.model, change)
            return _wrong(row, wrong) if wrong else Judged(replace(row, outcome=Outcome.NEW))
        prepared = prepare(self.session, self.model, change)
        return Judged(replace(row, outcome=Outcome.NEW), prepared=prepared)

    def _again(
        self, row: StagedRow, record: Record, values: dict[str, Any], wrong: dict[str, T]
    ) -> Judged:
        if wrong:
            return _wrong(row, wrong)
        if self.plan.on_duplicate is OnDuplicate.SKIP:
            return Judged(replace(row, outcome=Outcome.SKIP))
        if self.plan.on_duplicate is OnDuplicate.REFUSE:
            key = key_of(self.model)
            return _wrong(row, {key.name: labelled(_KNOWN, key)})
        change = Change(record.id, values, None, self.plan.reason, batch_id=self.plan.batch_id)
        try:
            with self.session.no_autoflush:
                diff = revised(self.session, record, change)
        finally:
            self.session.expunge(record)  # what was set on it is only tried
        outcome = Outcome.UPDATE if diff else Outcome.SKIP
        return Judged(replace(row, outcome=outcome), change=change if diff else None)


def key_of(model: type[Record]) -> Field:
    """The field by which a row finds its record: the key, else what people call it."""
    found = shown(model, Show.KEY) or shown(model, Show.UNIQUE) or shown(model, Show.TITLE)
    return found[0]


def twin_problem(model: type[Record], first: int) -> dict[str, T]:
    """A row whose key an earlier row has."""
    key = key_of(model)
    text = T(
        _TWIN.zh.format(row=first, label=key.label.zh),
        _TWIN.en.format(row=first, label=key.label.en.lower()),
    )
    return {key.name: text}


def labelled(text: T, one: Field) -> T:
    return T(text.zh.format(label=one.label.zh), text.en.format(label=one.label.en.lower()))


def _wrong(row: StagedRow, problems: Mapping[str, T]) -> Judged:
    return Judged(replace(row, outcome=Outcome.WRONG, problems=dict(problems)))
