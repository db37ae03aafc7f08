"""EDG-06: a ticket has a stable key, adds up, and its document keeps the published schema."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from protocols.pos.ticket import Ticket, TicketKey, business_day_of, ticket_schema

SCHEMA = Path(__file__).parents[3] / "docs" / "formats" / "ticket.schema.json"


def document(**changes: object) -> dict[str, Any]:
    return {
        "till": "till-2",
        "business_day": "2026-01-03",
        "number": "0043",
        "kind": "sale",
        "at": "2026-01-03T14:33:41+08:00",
        "currency": "CNY",
        "lines": [
            {"name": "纯牛奶1L", "quantity": "2", "price_cents": 1250, "amount_cents": 2500},
            {"name": "富士苹果", "quantity": "1.250", "price_cents": 990, "amount_cents": 1238},
        ],
        "tenders": [{"kind": "cash", "amount_cents": 4000}],
        "change_cents": 262,
        "total_cents": 3738,
        **changes,
    }


def test_the_published_schema_is_that_of_the_model() -> None:
    assert SCHEMA.read_text("utf-8") == ticket_schema(), "write ticket_schema() to the file"


def test_a_document_written_by_us_passes_the_published_schema() -> None:
    written = json.loads(Ticket.model_validate(document(member="M1", cashier="003")).to_json())
    jsonschema.validate(written, json.loads(SCHEMA.read_text("utf-8")))
    assert written["at"] == "2026-01-03T06:33:41Z"
    assert Ticket.model_validate(written) == Ticket.model_validate(
        document(member="M1", cashier="003")
    )


def test_the_key_is_till_day_and_number() -> None:
    ticket = Ticket.model_validate(document())
    assert ticket.key == TicketKey("till-2", date(2026, 1, 3), "0043")


def test_a_repeat_has_the_same_hash_and_other_content_has_not() -> None:
    first = Ticket.model_validate(document())
    again = document(at="2026-01-03T06:33:41Z")
    again["lines"][1]["quantity"] = Decimal("1.25")
    assert Ticket.model_validate(again).content_hash() == first.content_hash()
    other = Ticket.model_validate(document(number="0044"))
    assert other.content_hash() != first.content_hash()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"total_cents": 3739}, "lines less discount are 3738, but total_cents is 3739"),
        ({"change_cents": 0}, "tenders less change are 4000, but total_cents is 3738"),
        ({"discount_cents": 38, "total_cents": 3700}, "tenders less change are 3738"),
        ({"total_cents": 37.38}, "total_cents"),
        ({"at": "2026-01-03T14:33:41"}, "timezone"),
        ({"tip": 1}, "Extra inputs"),
        (
            {"lines": [{"name": "a", "quantity": 1.5, "price_cents": 1, "amount_cents": 1}]},
            "string",
        ),
        (
            {"lines": [{"name": "a", "quantity": "3", "price_cents": 9, "amount_cents": 3738}]},
            "a: 27 by quantity, but 3738",
        ),
    ],
)
def test_what_does_not_add_up_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Ticket.model_validate(document(**changes))


@pytest.mark.parametrize(
    ("local", "day"),
    [("2026-01-03T03:59", "2026-01-02"), ("2026-01-03T04:00", "2026-01-03")],
)
def test_a_night_sale_belongs_to_the_day_before(local: str, day: str) -> None:
    wall = datetime.fromisoformat(local)
    assert business_day_of(wall, day_start_minutes=240) == date.fromisoformat(day)
