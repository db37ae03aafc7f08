"""Webhooks: where the hub tells other systems of what happens, and of which things (INT-15)."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Mapped

from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    FILTER,
    LIST,
    SEARCH,
    TITLE,
    labels,
    references,
    secret,
    text,
    yes_no,
)
from hub.kit.records.sealed import Secret

URL_MAX, SECRET_MIN = 300, 24
EVERYTHING = "*"
_URL = T("地址应形如 https://example.com/hook。", "Write it like https://example.com/hook.")
_SHORT = T("密钥至少 {n} 个字符。", "The secret has at least {n} characters.")
_NO_SECRET = T("启用前请填写签名密钥。", "Enter a signing secret before you switch it on.")
_EVENTS = T(
    "“{one}”不是事件；写作 alerts、alerts.raised、suppliers.update 或 *。",
    "“{one}” is no event; write alerts, alerts.raised, suppliers.update or *.",
)
_EVENT_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz_-*")


def web_address(value: str) -> T | None:
    """An address that the hub can post to; whether it may is asked when it is sent."""
    try:
        parts = urlsplit(value)
        is_one = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    is_plain = "@" not in value and not any(letter.isspace() for letter in value)
    return None if is_one and is_plain else _URL


def long_enough(value: str) -> T | None:
    return None if len(value) >= SECRET_MIN else _SHORT.format(n=SECRET_MIN)


class Webhook(Record):
    """One subscription of another system."""

    __tablename__ = "webhooks"
    __record__ = RecordType(
        label=T("推送订阅", "Webhooks"),
        one=T("推送订阅", "Webhook"),
        rights="webhooks",
        order="name",
        start=T(
            "有事发生时，把通知推送给另一个系统。",
            "Tell another system when something happens.",
        ),
    )

    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    url: Mapped[str] = text("推送地址", "Address", LIST, max=URL_MAX, check=web_address)
    events: Mapped[list[str] | None] = labels("事件（空为全部）", "Events (empty: all)", LIST)
    of_stores: Mapped[list[UUID] | None] = references(
        "门店（空为全部）", "Stores (empty: all)", "stores"
    )
    secret: Mapped[Secret | None] = secret(
        "签名密钥",
        "Signing secret",
        check=long_enough,
        hint=T(
            "至少 24 个字符；对方用它验证签名。",
            "At least 24 characters; the receiver checks the signature with it.",
        ),
    )
    is_active: Mapped[bool] = yes_no("启用", "Active", LIST | FILTER, default=False)

    def problems(self) -> Iterator[tuple[str, T]]:
        for one in self.events or ():
            if not _is_event(one):
                yield "events", _EVENTS.format(one=one[:40])
        if self.is_active and self.secret is None:
            yield "secret", _NO_SECRET

    def wants(self, event: str, store_id: UUID | None) -> bool:
        """`event` is `<noun>.<what>`; what concerns no store goes to those who named none."""
        if self.of_stores and store_id not in self.of_stores:
            return False
        if not self.events:
            return True
        noun, _, _ = event.partition(".")
        return any(one in (event, noun, f"{noun}.*", EVERYTHING) for one in self.events)


def _is_event(word: str) -> bool:
    parts = word.split(".")
    return len(parts) <= 2 and all(part and set(part) <= _EVENT_LETTERS for part in parts)
