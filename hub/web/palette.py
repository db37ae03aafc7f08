"""What the command palette finds: stores, records of every type, pages and actions.

Only what the visitor may read or do is ever named. `cq9` finds 重庆 009: the letters of a name's
pinyin and of its code in their order, with others between them.
"""

import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from hub.archive.catalogue import RECORD_TYPES
from hub.archive.stores.records import Store
from hub.errors import T
from hub.kit.db import Record, ScopedSession
from hub.kit.records.access import readable, right_of
from hub.kit.records.declare import fields_of, path_of, shown, title_of
from hub.kit.records.kinds import Show
from hub.kit.records.query import Query, rows
from hub.kit.records.search import readings
from hub.security.actor import Actor
from hub.web import help as help_book
from hub.web.favourites import favourites
from hub.web.language import Language, say, traditional
from hub.web.recent import Recent

Q_MAX = 60
STORES_KEPT_S = 30
PER_TYPE, PER_GROUP = 4, 6
PATIENCE_S = 0.15  # types that are not looked through by then are left out
_STORES, _PAGES = T("门店", "Stores"), T("页面", "Pages")
_DO, _LISTS = T("操作", "Actions"), T("档案", "Archive")
_FAVOURITES = T("收藏", "Favourites")
_HELP = T("帮助", "Help")
_NEW = T("新建{what}", "New {what}")
PAGES: tuple[tuple[str, T, str, str], ...] = (
    ("/", T("总览", "Overview"), "home", ""),
    ("/tasks", T("我的任务", "My tasks"), "check", ""),
    ("/alerts", T("预警", "Alerts"), "alert", "alerts.read"),
    ("/archive", T("全部档案", "All of the archive"), "archive", ""),
    ("/admin", T("管理", "Admin"), "admin", "users.read"),
    ("/admin/interfaces", T("接口与推送", "API and webhooks"), "out", "webhooks.read"),
    ("/sales", T("小票", "Receipts"), "till", "sales.read"),
    ("/sales/figures", T("销售分析", "Sales figures"), "till", "sales.read"),
    ("/sales/new", T("开单", "New sale"), "till", "sales.create"),
    ("/sales/back", T("退货换货", "Return or exchange"), "till", "sales.create"),
    ("/promotions", T("促销试算", "Try promotions"), "till", "promotions.read"),
    ("/sales/close", T("日结", "Close of the day"), "till", "sales.create"),
    ("/stock/counts", T("盘点", "Stocktakes"), "stock", "stocktakes.read"),
    ("/stock/expiry", T("临期与批次", "Expiry and lots"), "stock", "stock.read"),
    ("/stock/watch", T("库存看护", "Stock watch"), "stock", "stock.read"),
    ("/stock/transfers", T("调拨", "Transfers"), "stock", "stock.read"),
    ("/account", T("我的账号", "My account"), "user", ""),
    ("/till/devices", T("共用电脑", "Shared PCs"), "till", "stores.update"),
    ("/feedback", T("我的反馈", "My feedback"), "comment", ""),
    ("/courses", T("课程", "Courses"), "help", ""),
    ("/help", T("帮助", "Help"), "help", ""),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One line; `about` tells apart what has the same name."""

    href: str
    text: str
    about: str
    icon: str


@dataclass(frozen=True, slots=True)
class Hits:
    """Lines of one sort under their heading."""

    label: str
    items: Sequence[Hit]


@dataclass(frozen=True)
class Palette:
    """Looks for one visitor."""

    session: ScopedSession
    actor: Actor
    language: Language
    recent: Recent

    def find(self, typed: str) -> list[Hits]:
        """Groups in the order of the page; nothing typed gives pages and actions alone."""
        q = plain(typed)
        groups = [self._stores(q), *self._records(q)] if q else [self._favourites()]
        groups += [self._pages(q), self._lists(q), self._actions(q), self._help(q)]
        return [one for one in groups if one.items]

    def _say(self, text: T) -> str:
        return say(self.language, text)

    def _stores(self, q: str) -> Hits:
        """By letters with others between them; the list is short enough to be looked through."""
        if not self.actor.may("stores.read"):
            return Hits("", ())
        key = ("palette", self.session.scope, self.actor.reach("stores.read"))
        known: list[tuple[str, str, str, str]] = self.recent.get(key, STORES_KEPT_S, self._all)
        found = [
            Hit(f"/stores/{store_id}", name, code, "store")
            for store_id, name, code, letters in known
            if has_letters(q, letters)
        ]
        return Hits(self._say(_STORES), found[:PER_GROUP])

    def _all(self) -> list[tuple[str, str, str, str]]:
        """(id, name, code, what it is found by) of every store in sight."""
        query = select(Store.id, Store.name, Store.code)
        query = query.where(Store.archived_at.is_(None), *readable(self.session, Store))
        found = self.session.execute(query.order_by(Store.code)).all()
        return [(str(one.id), one.name, one.code, _letters(one.name, one.code)) for one in found]

    def _records(self, q: str) -> Iterable[Hits]:
        until = time.monotonic() + PATIENCE_S
        for model in RECORD_TYPES:
            if model is Store or not self.actor.may(right_of(model, "read")):
                continue
            if time.monotonic() > until:
                return
            query = Query(q=q, sort=model.__record__.order, size=PER_TYPE)
            found = rows(self.session, model, query, with_lines=False).items
            items = [self._hit(model, one) for one in found]
            yield Hits(self._say(model.__record__.label), items)

    def _hit(self, model: type[Record], record: Record) -> Hit:
        keys = shown(model, Show.KEY)
        about = str(getattr(record, keys[0].name)) if keys else ""
        return Hit(f"/archive/{path_of(model)}/{record.id}", title_of(record), about, "archive")

    def _favourites(self) -> Hits:
        kept = [Hit(one.href, one.title, "", "star") for one in favourites(self.session)]
        return Hits(self._say(_FAVOURITES), kept)

    def _pages(self, q: str) -> Hits:
        found = [
            Hit(href, self._say(text), "", icon)
            for href, text, icon, right in PAGES
            if (not right or self.actor.may(right)) and is_called(q, text)
        ]
        return Hits(self._say(_PAGES), found)

    def _lists(self, q: str) -> Hits:
        found = [
            Hit(f"/archive/{path_of(model)}", self._say(model.__record__.label), "", "archive")
            for model in RECORD_TYPES
            if q and self.actor.may(right_of(model, "read"))
            if is_called(q, model.__record__.label)
        ]
        return Hits(self._say(_LISTS), found[:PER_GROUP])

    def _actions(self, q: str) -> Hits:
        found = []
        for model in RECORD_TYPES:
            one = model.__record__.one
            text = T(_NEW.zh.format(what=one.zh), _NEW.en.format(what=one.en.lower()))
            if q and self._may_create(model) and is_called(q, text):
                found.append(Hit(f"/archive/{path_of(model)}/new", self._say(text), "", "plus"))
        return Hits(self._say(_DO), found[:PER_GROUP])

    def _help(self, q: str) -> Hits:
        found = help_book.find(self.language, q)[:PER_GROUP]
        lines = [Hit(one.href, one.section.title, one.topic.title, "help") for one in found]
        return Hits(self._say(_HELP), lines)

    def _may_create(self, model: type[Record]) -> bool:
        right = right_of(model, "create")
        return self.actor.may(right) and (
            "store_id" in fields_of(model) or self.actor.reach(right) is None
        )


def plain(typed: str) -> str:
    """Full-width letters and digits of an input method as plain ones, in small letters."""
    return " ".join(unicodedata.normalize("NFKC", typed).lower().split())[:Q_MAX]


def has_letters(wanted: str, text: str) -> bool:
    """Whether the letters stand in `text` in this order, words of it apart."""
    return any(_in_order(wanted.replace(" ", ""), word) for word in text.split("\n"))


def _in_order(wanted: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in wanted)


def is_called(q: str, text: T) -> bool:
    """By either language, or by pinyin in full or by initials."""
    ways = f"{text.zh} {traditional(text.zh)} {text.en} {readings(text.zh)}".lower()
    return all(word in ways for word in q.split())


def _letters(name: str, code: str) -> str:
    """Ways to write a store, a line each: its name, its pinyin and its initials, with the code."""
    ways = [name.lower(), *readings(name).split()]
    return "\n".join(f"{way}{code.lower()}" for way in ways)
