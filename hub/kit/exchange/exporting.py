"""The records of a list as a file: CSV as it streams, XLSX with real types; memory stays flat.

A cell of CSV that a spreadsheet would take for a formula is written behind an apostrophe, which our
own import takes off again; cells of XLSX say themselves that they are text.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from hub.errors import InvalidError, T
from hub.kit.asker import asker_of
from hub.kit.exchange.values import FORMULA, MINOR_UNITS
from hub.kit.records.custom import fields_in
from hub.kit.records.declare import Field
from hub.kit.records.kinds import POINTING, Choice, Kind, Show
from hub.kit.records.log import ChangeLog
from hub.kit.records.names import names_of
from hub.kit.records.pointers import pointers
from hub.kit.records.query import Query, count, rows
from hub.kit.records.sight import told
from hub.kit.session import ScopedSession
from hub.kit.tables import Record

MAX_ROWS = 200_000
PAGE = 500
_EXPORTED = frozenset(Kind) - {Kind.LINES, Kind.SECRET}
_PARTS = {Kind.MONEY: MINOR_UNITS, Kind.MILLI: 1000}
_TOO_MANY = T(
    "一次最多导出 {n:,} 条；请先筛选。", "At most {n:,} records at a time; narrow the list first."
)
_NO_COLUMN = T("没有“{name}”这个字段。", "There is no field “{name}”.")

Say = Callable[[T], str]
Value = str | int | float | bool | date | time | None


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        if self is Format.CSV:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported, how many rows, and to which form."""

    model: type[Record]
    query: Query
    columns: Sequence[Field]
    rows: int
    format: Format


class ExportApproval(Protocol):
    """Asked before anything leaves: the address of an approval to be given first, or None."""

    def __call__(self, session: ScopedSession, export: Export) -> str | None: ...


def export_of(
    session: ScopedSession, model: type[Record], query: Query, names: Sequence[str], form: Format
) -> Export:
    """Checked: columns that exist, and no more rows than allowed."""
    found = count(session, model, query, MAX_ROWS + 1)
    if found > MAX_ROWS:
        raise InvalidError(_TOO_MANY.format(n=MAX_ROWS))
    return Export(
        model, replace(query, cursor="", size=PAGE), columns(session, model, names), found, form
    )


def columns(session: ScopedSession, model: type[Record], names: Sequence[str] = ()) -> list[Field]:
    """The fields named; without names those of the list; with "all" every one."""
    every = {n: f for n, f in fields_in(session, model).items() if f.spec.kind in _EXPORTED}
    if names == ["all"]:
        return list(every.values())
    for name in names:
        if name not in every:
            raise InvalidError(
                _NO_COLUMN.format(name=name[:40]), {"columns": _NO_COLUMN.format(name=name[:40])}
            )
    if names:
        return [every[name] for name in names]
    return [f for f in every.values() if f.has(Show.LIST)]


def note_export(session: ScopedSession, export: Export) -> None:
    """The row of the audit: who took how much of what, by which filter."""
    asker = asker_of(session)
    told = {
        "rows": export.rows,
        "format": export.format.value,
        "columns": [field.name for field in export.columns],
        "filter": [[f.field, f.operator.value, *map(str, f.values)] for f in export.query.filters],
        "q": export.query.q,
    }
    session.add(
        ChangeLog(
            record_type=export.model.__tablename__,
            action="export",
            values={name: [None, value] for name, value in told.items()},
            asker_id=asker.user_id,
            asker_name=asker.name,
            address=asker.address,
        )
    )


def pages(session: ScopedSession, export: Export, say: Say) -> Iterator[list[list[Value]]]:
    """The rows, a page at a time; each page is forgotten before the next is read."""
    query, names = export.query, dict[UUID, str]()
    while True:
        found = rows(session, export.model, query)
        _learn(session, export, found.items, names)
        yield [[_value(f, told(r, f), names, say) for f in export.columns] for r in found.items]
        if not found.next:
            return
        session.expunge_all()
        query = replace(query, cursor=found.next)


def _learn(
    session: ScopedSession, export: Export, records: Sequence[Record], names: dict[UUID, str]
) -> None:
    shown = {f.name for f in export.columns if f.spec.kind in POINTING}
    fields = {one.name: one for one in export.columns}
    found = [p for r in records for p in pointers(r, fields, with_lines=False) if p.place in shown]
    wanted = [(p.field, p.id) for p in found]
    unknown = [(f, one) for f, one in wanted if one not in names]
    if len(names) > MAX_ROWS:
        names.clear()
        unknown = wanted
    names |= names_of(session, unknown)


def _value(field: Field, value: Any, names: Mapping[UUID, str], say: Say) -> Value:
    match value:
        case None:
            return None
        case Choice():
            return say(value.label)
        case bool():
            return say(T("是", "Yes") if value else T("否", "No"))
        case UUID():
            return names.get(value, "")
        case list():
            return ", ".join(names.get(one, "") if isinstance(one, UUID) else one for one in value)
        case int() if parts := _PARTS.get(field.spec.kind):
            return float(Decimal(value) / parts)
        case int() | float() | date() | time():
            return value
        case _:
            return str(value)


def heads(export: Export, say: Say) -> list[str]:
    """Labels with their unit, as the import reads them."""
    return [
        f"{say(f.label)} ({say(f.spec.unit)})" if f.spec.unit.en else say(f.label)
        for f in export.columns
    ]


def csv_parts(session: ScopedSession, export: Export, say: Say) -> Iterator[bytes]:
    """With a byte order mark, without which Excel takes Chinese for something else."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(heads(export, say))
    yield b"\xef\xbb\xbf" + buffer.getvalue().encode()
    for page in pages(session, export, say):
        buffer.seek(0)
        buffer.truncate()
        writer.writerows([[harmless(one) for one in row] for row in page])
        yield buffer.getvalue().encode()


def harmless(value: Value) -> Value:
    """No cell that a spreadsheet would take for a formula."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, str) and value.lstrip(" \u3000").startswith(FORMULA):
        return f"'{value}"
    return value


def write_workbook(session: ScopedSession, export: Export, say: Say, path: Path) -> None:
    """One sheet; rows go to disk as they are written."""
    import xlsxwriter  # noqa: PLC0415  # only who exports a workbook pays for it

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet()
        formats = {
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            time: book.add_format({"num_format": "hh:mm"}),
        }
        head = book.add_format({"bold": True, "bg_color": "#EEF2F1", "bottom": 1})
        sheet.freeze_panes(1, 0)
        for number, text in enumerate(heads(export, say)):
            sheet.set_column(number, number, max(12, min(40, 2 * len(text) + 4)))
            sheet.write_string(0, number, text, head)
        line = 0
        for page in pages(session, export, say):
            for row in page:
                line += 1
                for number, value in enumerate(row):
                    _write(sheet, line, number, value, formats)


def _write(sheet: Any, line: int, number: int, value: Value, formats: Mapping[type, Any]) -> None:
    match value:
        case None:
            return
        case str():
            sheet.write_string(line, number, value)
        case datetime():
            plain = value.astimezone(UTC).replace(tzinfo=None)
            sheet.write_datetime(line, number, plain, formats[datetime])
        case date() | time():
            sheet.write_datetime(line, number, value, formats[type(value)])
        case _:
            sheet.write_number(line, number, value)
