"""POS journals in files: a JSON ticket a line, or CSV with a row an article. Pure.

A CSV names its columns in the first row. Rows of one ticket follow each other and repeat its
number; amounts are decimal in the main unit (12.50), times local to the store or with an offset.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from protocols.pos.feed import TicketError, TillContext

COLUMNS = ("number", "at", "name", "code", "quantity", "price", "amount", "tender", "kind")
_NEEDED = ("number", "at", "name", "quantity", "price", "amount", "tender")
Row = dict[str, str]


def lines(data: bytes) -> Iterator[bytes]:
    """The tickets of a JSON journal, one a line, as they stand."""
    return (line for line in data.splitlines() if line.strip())


def csv_tickets(
    data: bytes, columns: Mapping[str, str], context: TillContext, encoding: str = "utf-8-sig"
) -> Iterator[bytes]:
    """Each ticket of a CSV journal as a JSON ticket; `columns` names ours as the file calls them.

    Raises TicketError where the file as a whole cannot be read; a ticket that makes no sense comes
    as it is, for the one who reads tickets to say so.
    """
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TicketError(f"The journal is not {encoding}: byte {error.start}.") from error
    reader = csv.DictReader(text.splitlines(), dialect=_dialect(text))
    names = {ours: columns.get(ours, ours) for ours in COLUMNS}
    missing = [names[ours] for ours in _NEEDED if names[ours] not in (reader.fieldnames or ())]
    if missing:
        raise TicketError(f"The journal has no column {', '.join(missing)}.")
    rows = ({ours: (row.get(name) or "").strip() for ours, name in names.items()} for row in reader)
    for _, own in groupby(rows, key=lambda row: row["number"]):
        rows_of_one = list(own)
        try:
            document = _document(rows_of_one, context)
        except TicketError as error:
            document = {"error": str(error), "rows": rows_of_one}
        yield json.dumps(document, ensure_ascii=False).encode()


def _dialect(text: str) -> type[csv.Dialect]:
    head = text.partition("\n")[0]
    return _Semicolons if head.count(";") > head.count(",") else csv.excel


class _Semicolons(csv.excel):
    delimiter = ";"


def _document(rows: list[Row], context: TillContext) -> dict[str, Any]:
    first = rows[0]
    articles = [_article(row) for row in rows]
    total = sum(article["amount_cents"] for article in articles)
    return {
        "number": first["number"],
        "kind": first["kind"] or ("return" if total < 0 else "sale"),
        "at": _at(first["at"], context),
        "currency": context.currency,
        "lines": articles,
        "tenders": [{"kind": first["tender"] or "other", "amount_cents": total}],
        "total_cents": total,
    }


def _article(row: Row) -> dict[str, Any]:
    article: dict[str, Any] = {
        "name": row["name"],
        "quantity": row["quantity"],
        "price_cents": _cents(row["price"]),
        "amount_cents": _cents(row["amount"]),
    }
    return article | ({"code": row["code"]} if row["code"] else {})


def _cents(text: str) -> int:
    """12.50 → 1250; TicketError for what is no whole number of cents."""
    try:
        cents = Decimal(text) * 100
        if cents != cents.to_integral_value():
            raise InvalidOperation
    except (InvalidOperation, ValueError) as error:
        raise TicketError(f"{text!r} is no amount: write 12.50.") from error
    return int(cents)


def _at(text: str, context: TillContext) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise TicketError(f"{text!r} is no time: write 2026-11-09 12:30:00.") from error
    return (at if at.tzinfo else at.replace(tzinfo=context.zone)).isoformat()
