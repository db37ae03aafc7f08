"""EDG-06: what tills print and write becomes tickets; the rest is refused in one sentence."""

import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pos.feed import TicketError, TillContext, parse_json, parse_receipt, quarantined
from protocols.pos.layout import layout_names, load_layout
from protocols.pos.ticket import TenderKind, TicketKey, TicketKind

PAGE = (Path(__file__).parents[3] / "docs" / "formats" / "receipt.md").read_text("utf-8")
RECEIPT, JSON_LINE = (
    PAGE.split("## Text")[1].split("```")[1].strip("\n"),
    PAGE.split("```json\n")[1].split("```")[0].strip(),
)
TILL = TillContext("till-1", ZoneInfo("Asia/Shanghai"))
LAYOUT = load_layout("retail-zh")
RULE = "-" * 48


def printed(text: str) -> bytes:
    return b"\x1b@\x1c&\x1ba\x01" + text.encode("gb18030") + b"\n\x1bd\x03\x1dV\x42\x00"


def test_the_receipt_of_the_documentation_is_read() -> None:
    ticket = parse_receipt(printed(RECEIPT), LAYOUT, TILL)
    assert ticket.key == TicketKey("till-1", date(2026, 1, 3), "0042")
    assert ticket.at == datetime(2026, 1, 3, 6, 32, 10, tzinfo=UTC)
    assert (ticket.kind, ticket.member, ticket.cashier) == (TicketKind.SALE, "M10023", "003")
    milk, apples = ticket.lines
    assert (milk.name, milk.code, milk.quantity) == (
        "纯牛奶1L",
        "6901234567892",
        Decimal(2),
    )
    assert (milk.price_cents, milk.discount_cents, milk.amount_cents) == (1250, 200, 2300)
    assert (apples.quantity, apples.amount_cents) == (Decimal("1.250"), 1238)
    assert [(t.kind, t.amount_cents) for t in ticket.tenders] == [(TenderKind.CASH, 4000)]
    assert (ticket.discount_cents, ticket.change_cents, ticket.total_cents) == (38, 500, 3500)
    assert [(t.rate_percent, t.amount_cents) for t in ticket.taxes] == [(Decimal(9), 289)]


def test_the_json_line_of_the_documentation_is_read() -> None:
    ticket = parse_json(JSON_LINE.encode(), TillContext("till-2", TILL.zone))
    assert ticket.key == TicketKey("till-2", date(2026, 1, 3), "0043")
    assert ticket.total_cents == 2300


def test_a_reprint_is_the_same_ticket() -> None:
    first = parse_receipt(printed(RECEIPT), LAYOUT, TILL)
    again = parse_receipt(printed("*** 重印 ***\n" + RECEIPT), LAYOUT, TILL)
    assert again.content_hash() == first.content_hash()


def test_people_are_named_as_the_till_names_them() -> None:
    text = RECEIPT.replace("M10023", "138****1234").replace("收银员:003", "收银员:小王")
    ticket = parse_receipt(printed(text), LAYOUT, TILL)
    assert (ticket.member, ticket.cashier) == ("138****1234", "小王")


def test_a_return_names_the_ticket_it_takes_back() -> None:
    text = f"""单号:0044 收银机:1
时间:2026-01-04 09:00:00
退货单 原单:2026-01-03/0042
{RULE}
纯牛奶1L
  - -1 x 12.50 -12.50
  优惠 1.00
{RULE}
合计: -11.50
微信支付: -11.50
{RULE}"""
    ticket = parse_receipt(printed(text), LAYOUT, TILL)
    assert (ticket.kind, ticket.total_cents) == (TicketKind.RETURN, -1150)
    assert (ticket.original_day, ticket.original_number) == (date(2026, 1, 3), "0042")
    assert (ticket.lines[0].code, ticket.lines[0].discount_cents) == (None, -100)


def test_a_sale_given_up_is_a_void_of_nothing() -> None:
    text = f"单号:0045\n时间:2026-01-04 09:00:00\n作废单\n{RULE}\n{RULE}\n合计: 0.00\n{RULE}"
    ticket = parse_receipt(printed(text), LAYOUT, TILL)
    assert (ticket.kind, ticket.total_cents, ticket.lines) == (TicketKind.VOID, 0, ())


def test_after_midnight_belongs_to_the_day_before() -> None:
    late = TillContext("till-1", TILL.zone, day_start_minutes=240)
    text = RECEIPT.replace("14:32:10", "02:10:00")
    assert parse_receipt(printed(text), LAYOUT, late).business_day == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("合计: ", "小计: ", "Line 14 of the receipt: '小计: .*is no total"),
        ("35.00\n内含", "36.00\n内含", "lines less discount are 3500, but total_cents is 3600"),
        ("找零:                                       5.00\n", "", "tenders less change are 4000"),
        ("单号:0042", "小票0042", "The head of the receipt has no number"),
        ("2026-01-03 14:32:10", "2026-13-03 14:32:10", "is no time of the form"),
        ("2 x 12.50", "2 x 12.50.1", "is no number"),
        ("纯牛奶1L\n", "纯牛奶1L\n酸奶\n", "Line 7 of the receipt: '纯牛奶1L' has no price"),
        ("纯牛奶1L\n", "", "a price without an article"),
        ("2 x 12.50", "3 x 12.50", "纯牛奶1L: 3550.* by quantity, but 2300"),
        ("40.00", "40.001", "more than 2 decimals"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    assert old in RECEIPT
    with pytest.raises(TicketError, match=said):
        parse_receipt(printed(RECEIPT.replace(old, new)), LAYOUT, TILL)


def test_a_torn_receipt_is_refused() -> None:
    with pytest.raises(TicketError, match="no total: was the paper cut too early"):
        parse_receipt(printed(RECEIPT.split("件数")[0]), LAYOUT, TILL)
    with pytest.raises(TicketError, match="not gb18030: byte"):
        parse_receipt(b"abc\xff\xff\n", LAYOUT, TILL)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "no JSON document"),
        (b"[1]", "not a ticket object"),
        (b"[" * 50_000, "no JSON document"),
        (b"\xff\xfe", "no JSON document"),
        (b'{"till": "till-9"}', "is of till 'till-9', not of 'till-1'"),
        (b'{"at": "yesterday"}', "business_day|at"),
        (b'{"total_cents": NaN}', "NaN is no amount"),
        (b'{"total_cents": ' + b"9" * 5000 + b"}", "no JSON document"),
        (json.dumps({**json.loads(JSON_LINE), "total_cents": 1}).encode(), "lines less discount"),
    ],
)
def test_a_bad_line_is_refused(line: bytes, said: str) -> None:
    with pytest.raises(TicketError, match=said):
        parse_json(line, TILL)


def test_the_day_of_a_json_ticket_is_worked_out_where_it_is_missing() -> None:
    document = json.loads(JSON_LINE)
    del document["business_day"]
    document["at"] = "2026-01-03T16:30:00Z"  # half past midnight in the store
    assert parse_json(json.dumps(document).encode(), TILL).business_day == date(2026, 1, 4)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("gb18030")))
def test_garbage_is_a_ticket_error_and_nothing_else(noise: bytes) -> None:
    """R10: no bytes may stop the flow."""
    with pytest.raises(TicketError):
        parse_receipt(noise, LAYOUT, TILL)
    with pytest.raises(TicketError):
        parse_json(noise, TILL)


def test_the_quarantine_keeps_every_byte() -> None:
    noon = datetime(2026, 1, 3, 4, tzinfo=UTC)
    document = json.loads(quarantined(TILL, noon, "escpos", "why", b"\x00\xff").model_dump_json())
    assert base64.b64decode(document.pop("raw")) == b"\x00\xff"
    assert document == {
        "till": "till-1",
        "received_at": "2026-01-03T04:00:00Z",
        "format": "escpos",
        "error": "why",
    }


def test_every_layout_loads() -> None:
    assert "retail-zh" in layout_names()
    assert all(load_layout(name).totals for name in layout_names())
