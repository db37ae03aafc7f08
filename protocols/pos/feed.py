"""The two feeds of a till: JSON lines, and receipts printed in ESC/POS. Pure."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NoReturn, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from protocols.errors import FrameError
from protocols.pos.layout import HeadRule, ItemRule, Layout, TotalRule
from protocols.pos.ticket import QuarantinedTicket, Ticket, TicketKind, business_day_of
from protocols.serial.codec import plain_text

RuleT = TypeVar("RuleT", HeadRule, ItemRule, TotalRule)
Format = Literal["escpos", "jsonl"]


class TicketError(FrameError):
    """What came is no ticket; the message is one sentence with line and text."""


@dataclass(frozen=True, slots=True)
class TillContext:
    """What a ticket does not say about itself."""

    till: str
    zone: ZoneInfo
    day_start_minutes: int = 0
    currency: str = "CNY"


def quarantined(
    context: TillContext, received_at: datetime, form: Format, error: str, raw: bytes
) -> QuarantinedTicket:
    text = base64.b64encode(raw).decode("ascii")
    return QuarantinedTicket(
        till=context.till, received_at=received_at, format=form, error=error, raw=text
    )


def parse_json(data: bytes, context: TillContext) -> Ticket:
    """One line of a JSON feed; raise TicketError."""
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise TicketError(f"The line is no JSON document: {str(error)[:200]}.") from error
    if not isinstance(document, dict):
        raise TicketError("The line is JSON, but not a ticket object.")
    if document.setdefault("till", context.till) != context.till:
        raise TicketError(f"The ticket is of till {document['till']!r}, not of {context.till!r}.")
    if "business_day" not in document:
        document["business_day"] = _day_of(document.get("at"), context)
    return _ticket(document)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no amount")


def _day_of(at: object, context: TillContext) -> str | None:
    try:
        local = datetime.fromisoformat(str(at)).astimezone(context.zone)
    except ValueError:
        return None  # the model says what is wrong with `at`
    return business_day_of(local, context.day_start_minutes).isoformat()


def _ticket(document: dict[str, Any]) -> Ticket:
    try:
        return Ticket.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise TicketError(f"{where}: {message}." if where else f"{message}.") from error


def parse_receipt(data: bytes, layout: Layout, context: TillContext) -> Ticket:
    """One ESC/POS receipt, cut or not; raise TicketError."""
    try:
        text = plain_text(data).decode(layout.encoding)
    except UnicodeDecodeError as error:
        raise TicketError(
            f"The receipt is not {layout.encoding}: byte {error.start} is {data[error.start]:#x}."
        ) from error
    reader = _Reader(layout, context)
    for number, line in enumerate(text.replace("\r", "").split("\n"), 1):
        try:
            reader.line(line.rstrip())
        except TicketError as error:
            raise TicketError(f"Line {number} of the receipt: {error}") from error
    return _ticket(reader.document())


@dataclass(slots=True)
class _Reader:
    """Collects one receipt, part by part."""

    layout: Layout
    context: TillContext
    part: int = 0
    head: dict[str, str] = field(default_factory=dict)
    kind: TicketKind = TicketKind.SALE
    lines: list[dict[str, Any]] = field(default_factory=list)
    tenders: list[dict[str, Any]] = field(default_factory=list)
    taxes: list[dict[str, Any]] = field(default_factory=list)
    sums: dict[str, int] = field(default_factory=dict)
    name: str | None = None

    def line(self, line: str) -> None:
        if not line:
            return
        if re.fullmatch(self.layout.separator, line):
            self.part += 1
        elif self.part < 3:
            parts: tuple[Callable[[str], None], ...] = (self._head, self._item, self._total)
            parts[self.part](line)

    def _head(self, line: str) -> None:
        if found := _match(self.layout.head, line):
            rule, groups = found
            self.head |= {key: text for key, text in groups.items() if text is not None}
            self.kind = rule.kind or self.kind

    def _item(self, line: str) -> None:
        found = _match(self.layout.items, line)
        if not found:
            raise TicketError(f"{line!r} is no article, no price and no discount.")
        rule, groups = found
        if rule.means == "name":
            if self.name is not None:
                raise TicketError(f"{self.name!r} has no price.")
            self.name = groups["name"]
        elif rule.means == "detail":
            self._detail(groups)
        else:
            self._discount(groups)

    def _detail(self, groups: dict[str, str]) -> None:
        if self.name is None:
            raise TicketError("a price without an article before it.")
        code = groups["code"]
        line = {
            "name": self.name,
            "quantity": _number(groups["quantity"]),
            "price_cents": self._cents(groups["price"]),
            "amount_cents": self._cents(groups["amount"]),
        }
        self.lines.append(line if code == "-" else line | {"code": code})
        self.name = None

    def _discount(self, groups: dict[str, str]) -> None:
        if not self.lines:
            raise TicketError("a discount without an article before it.")
        cents = self._cents(groups["amount"])
        self.lines[-1]["discount_cents"] = self.lines[-1].get("discount_cents", 0) - cents
        self.lines[-1]["amount_cents"] += cents

    def _total(self, line: str) -> None:
        found = _match(self.layout.totals, line)
        if not found:
            raise TicketError(f"{line!r} is no total, tax or tender that the layout knows.")
        rule, groups = found
        if rule.means == "nothing":
            return
        cents = self._cents(groups["amount"])
        if rule.means == "tax":
            self.taxes.append({"rate_percent": _number(groups["rate"]), "amount_cents": cents})
        elif rule.means in ("total", "discount", "change"):
            if rule.means in self.sums:
                raise TicketError(f"{line!r} stands there twice.")
            self.sums[rule.means] = cents
        else:
            self.tenders.append({"kind": rule.means, "amount_cents": cents})

    def _cents(self, text: str) -> int:
        scaled = _number(text).scaleb(self.layout.decimals)
        if scaled != int(scaled):
            raise TicketError(f"{text!r} has more than {self.layout.decimals} decimals.")
        return int(scaled)

    def document(self) -> dict[str, Any]:
        if "total" not in self.sums:
            raise TicketError("The receipt has no total: was the paper cut too early?")
        for needed in ("number", "at"):
            if needed not in self.head:
                raise TicketError(f"The head of the receipt has no {needed}.")
        local = self._local(self.head["at"], self.layout.time_format)
        document: dict[str, Any] = {
            "till": self.context.till,
            "business_day": business_day_of(local, self.context.day_start_minutes),
            "number": self.head["number"],
            "kind": self.kind,
            "at": local.replace(tzinfo=self.context.zone).astimezone(UTC),
            "currency": self.context.currency,
            "lines": self.lines,
            "tenders": self.tenders,
            "taxes": self.taxes,
            "total_cents": self.sums["total"],
            "discount_cents": -self.sums.get("discount", 0),
            "change_cents": self.sums.get("change", 0),
        }
        for key in ("member", "cashier", "original_number"):
            if key in self.head:
                document[key] = self.head[key]
        if day := self.head.get("original_day"):
            document["original_day"] = self._local(day, self.layout.day_format).date()
        return document

    def _local(self, text: str, form: str) -> datetime:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 the zone is the store's
        except ValueError as error:
            raise TicketError(f"{text!r} is no time of the form {form}.") from error


def _match(rules: Sequence[RuleT], line: str) -> tuple[RuleT, dict[str, Any]] | None:
    for rule in rules:
        if found := re.fullmatch(rule.pattern, line):
            return rule, found.groupdict()
    return None


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise TicketError(f"{text!r} is no number.") from error
