"""The till ticket: what every POS feed is turned into, and its JSON document.

Money is integer minor units of `currency` (cents, fen, yen). Returns and voids of paid tickets
carry negative quantities and amounts, so the sum of `total_cents` is the revenue.
"""

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)


class TicketKind(StrEnum):
    SALE = "sale"
    RETURN = "return"
    VOID = "void"


class TenderKind(StrEnum):
    CASH = "cash"
    CARD = "card"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    POINTS = "points"
    VOUCHER = "voucher"
    OTHER = "other"


class TicketKey(NamedTuple):
    """What makes a ticket the same ticket when it is sent or printed again."""

    till: str
    business_day: date
    number: str


def _no_float(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("write it as a string, such as '1.250': a JSON number may lose digits")
    return value


_DECIMAL = r"^-?[0-9]{1,9}(\.[0-9]{1,3})?$"
_LIMIT = 10**12
Cents = Annotated[int, Field(strict=True, ge=-_LIMIT, le=_LIMIT)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
Amount = Annotated[
    Decimal,
    BeforeValidator(_no_float),
    Field(max_digits=12, decimal_places=3),
    PlainSerializer(lambda number: f"{number.normalize():f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DECIMAL}),
]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Document):
    """One article on the ticket; `amount_cents` is what it adds to the total."""

    name: Text
    code: Identifier | None = Field(None, description="bar code or article number")
    quantity: Amount = Field(description="pieces, kilograms or litres, up to three decimals")
    price_cents: Cents = Field(description="price of one unit")
    discount_cents: Cents = Field(0, description="already taken off amount_cents")
    amount_cents: Cents


class Tender(_Document):
    """One way of paying, as handed over; the change is the ticket's."""

    kind: TenderKind
    amount_cents: Cents


class Tax(_Document):
    """Tax contained in the total."""

    rate_percent: Amount
    amount_cents: Cents


class Ticket(_Document):
    """One ticket of one till; see docs/formats/receipt.md."""

    till: Identifier = Field(description="device id of the till")
    business_day: date
    number: Identifier
    kind: TicketKind
    at: Annotated[AwareDatetime, PlainSerializer(lambda at: _rfc3339(at), return_type=str)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        description="ISO 4217"
    )
    lines: tuple[Line, ...] = Field((), max_length=2000)
    tenders: tuple[Tender, ...] = Field((), max_length=50)
    taxes: tuple[Tax, ...] = Field((), max_length=50)
    discount_cents: Cents = Field(0, description="discount of the whole ticket, off the lines' sum")
    change_cents: Cents = 0
    total_cents: Cents
    member: Name | None = Field(
        None, description="as the till writes it, maybe masked: 138****1234"
    )
    cashier: Name | None = None
    original_day: date | None = Field(None, description="business day of the ticket taken back")
    original_number: Identifier | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        lines = sum(line.amount_cents for line in self.lines) - self.discount_cents
        if lines != self.total_cents:
            raise ValueError(
                f"lines less discount are {lines}, but total_cents is {self.total_cents}"
            )
        paid = sum(tender.amount_cents for tender in self.tenders) - self.change_cents
        if paid != self.total_cents:
            raise ValueError(
                f"tenders less change are {paid}, but total_cents is {self.total_cents}"
            )
        for line in self.lines:
            expected = line.quantity * line.price_cents - line.discount_cents
            if abs(expected - line.amount_cents) > 1:
                raise ValueError(f"{line.name}: {expected} by quantity, but {line.amount_cents}")
        return self

    @property
    def key(self) -> TicketKey:
        return TicketKey(self.till, self.business_day, self.number)

    def to_json(self) -> str:
        """The document of `<till>/ticket`; fields that say nothing are left out."""
        return self.model_dump_json(exclude_defaults=True)

    def content_hash(self) -> bytes:
        """32 bytes, equal for tickets that say the same: a repeat, not another ticket."""
        document = json.loads(self.to_json())
        text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).digest()


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def business_day_of(local: datetime, day_start_minutes: int = 0) -> date:
    """The business day that `local` (the store's wall clock) falls in."""
    minutes = local.hour * 60 + local.minute
    return date.fromordinal(local.toordinal() - (minutes < day_start_minutes))


class QuarantinedTicket(_Document):
    """What came from a till and was not understood, kept whole: the document of
    `<till>/quarantined_ticket`."""

    till: Identifier
    received_at: Annotated[AwareDatetime, PlainSerializer(lambda at: _rfc3339(at), return_type=str)]
    format: str
    error: str
    raw: str = Field(description="base64 of the bytes as they came")


def ticket_schema() -> str:
    """The text of docs/formats/ticket.schema.json."""
    schema = Ticket.model_json_schema()
    _drop_titles(schema)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Ticket"}
    return json.dumps(head | schema, ensure_ascii=False, indent=2) + "\n"


def _drop_titles(node: object) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for child in node.values():
            _drop_titles(child)
    elif isinstance(node, list):
        for child in node:
            _drop_titles(child)
