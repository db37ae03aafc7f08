"""What the two tills put on their wires: a printed receipt and a line of JSON.

The receipt follows layout `retail-zh` of docs/formats/receipt.md.
"""

import unicodedata
from decimal import Decimal
from zoneinfo import ZoneInfo

from protocols.pos.ticket import Line, TenderKind, Ticket, TicketKind

WIDTH = 48
_INITIALISE = b"\x1b@\x1c&"
_CENTRE, _LEFT = b"\x1ba\x01", b"\x1ba\x00"
_BOLD, _PLAIN = b"\x1bE\x01", b"\x1bE\x00"
_FEED_AND_CUT = b"\x1bd\x04\x1dVB\x00"
_DRAWER = b"\x1bp\x00\x19\xfa"
_TENDER_WORDS = {
    TenderKind.CASH: "现金",
    TenderKind.CARD: "银行卡",
    TenderKind.WECHAT: "微信支付",
    TenderKind.ALIPAY: "支付宝",
    TenderKind.POINTS: "会员积分",
    TenderKind.VOUCHER: "购物券",
}
_TAKEN_BACK = {TicketKind.RETURN: "退货单", TicketKind.VOID: "作废单"}
_RULE = "-" * WIDTH


def json_line(ticket: Ticket) -> bytes:
    return ticket.to_json().encode() + b"\n"


def escpos(ticket: Ticket, shop: str, zone: ZoneInfo) -> bytes:
    """One receipt from the printer's initialisation to the paper cut."""
    head = _INITIALISE + _CENTRE + _BOLD + _text(shop) + _PLAIN + _LEFT
    body = (*_head(ticket, zone), _RULE, *_items(ticket), _RULE, *_totals(ticket), _RULE)
    is_cash = any(tender.kind is TenderKind.CASH for tender in ticket.tenders)
    foot = _CENTRE + _text("谢谢惠顾") + _FEED_AND_CUT
    return head + b"".join(map(_text, body)) + (_DRAWER if is_cash else b"") + foot


def _head(ticket: Ticket, zone: ZoneInfo) -> list[str]:
    till = ticket.till.rpartition("-")[2]
    lines = [f"单号:{ticket.number} 收银机:{till} 收银员:{ticket.cashier or '001'}"]
    lines.append(f"时间:{ticket.at.astimezone(zone):%Y-%m-%d %H:%M:%S}")
    if ticket.member:
        lines.append(f"会员:{ticket.member}")
    if word := _TAKEN_BACK.get(ticket.kind):
        original = f" 原单:{ticket.original_day}/{ticket.original_number}"
        lines.append(word + (original if ticket.original_number else ""))
    return lines


def _items(ticket: Ticket) -> list[str]:
    lines = []
    for line in ticket.lines:
        lines.append(line.name)
        lines.append(_columns(f"  {line.code or '-':<14}{_times(line)}", _gross_cents(line)))
        if line.discount_cents:
            lines.append(_columns("  优惠", -line.discount_cents))
    return lines


def _gross_cents(line: Line) -> int:
    """What an article costs before its discount, which has a line of its own."""
    return line.amount_cents + line.discount_cents


def _times(line: Line) -> str:
    return f"  {_plain(line.quantity)} x {_yuan(line.price_cents)}"


def _totals(ticket: Ticket) -> list[str]:
    lines = [f"件数:{len(ticket.lines)}"]
    if ticket.discount_cents:
        lines.append(_columns("整单优惠:", -ticket.discount_cents))
    lines.append(_columns("合计:", ticket.total_cents))
    lines += [
        _columns(f"内含税额 {_plain(tax.rate_percent)}%:", tax.amount_cents) for tax in ticket.taxes
    ]
    lines += [
        _columns(f"{_TENDER_WORDS[tender.kind]}:", tender.amount_cents) for tender in ticket.tenders
    ]
    if ticket.change_cents:
        lines.append(_columns("找零:", ticket.change_cents))
    return lines


def _columns(left: str, cents: int) -> str:
    amount = _yuan(cents)
    return left + " " * max(1, WIDTH - _width(left) - len(amount)) + amount


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _yuan(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _text(line: str) -> bytes:
    return line.encode("gb18030") + b"\n"
