"""Kinds of fields, one typed function each: `name: Mapped[str] = text("名称", "Name", LIST)`.

The annotation says whether a field may be empty (`Mapped[str | None]`); a kind gives the column its
SQL type and carries the rest of the declaration in `column.info["spec"]`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum, IntFlag, StrEnum, auto
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import MappedColumn, mapped_column

from hub.errors import T
from hub.kit.records import contact
from hub.kit.records.id_list import IdList
from hub.kit.records.labels import SEPARATED, LabelList
from hub.kit.records.sealed import Secret, SecretText, hidden, masked_email, masked_phone

C = TypeVar("C", bound="Choice")

INT_MAX = 2**31 - 1
MONEY_MAX = 10**15
_CHOICE_LENGTH = 40  # of every choice column, so that a new choice needs no migration
_NOTHING = T("", "")


def _unit(unit: str | T) -> T:
    """Symbols such as °C are the same in every language; words such as months are not."""
    return unit if isinstance(unit, T) else T(unit, unit)


class Show(IntFlag):
    """Where a field shows and what it is good for."""

    NOTHING = 0
    LIST = auto()  # a column of the list
    SEARCH = auto()  # found by free text
    FILTER = auto()  # the list can be narrowed by it
    KEY = auto()  # unique among the owner's records that are not archived
    UNIQUE = auto()  # unique in the chain among the records that are not archived
    TITLE = auto()  # what people call the record
    ADVANCED = auto()  # folded away in the form
    READONLY = auto()  # set by actions and by the hub, never typed
    COST = auto()  # only for those who hold the right `<rights>.cost`
    PERSONAL = auto()  # masked for those without the right `<rights>.personal`


LIST, SEARCH, FILTER, KEY = Show.LIST, Show.SEARCH, Show.FILTER, Show.KEY
UNIQUE, TITLE, ADVANCED, NOTHING = Show.UNIQUE, Show.TITLE, Show.ADVANCED, Show.NOTHING
READONLY, COST, PERSONAL = Show.READONLY, Show.COST, Show.PERSONAL


class Kind(Enum):
    """What a field holds; decides its input, its filters and how it is written for people."""

    TEXT = auto()
    LONG_TEXT = auto()
    PHONE = auto()
    EMAIL = auto()
    LABELS = auto()
    LINES = auto()
    WHOLE = auto()
    NUMBER = auto()
    MONEY = auto()
    MILLI = auto()
    CHOICE = auto()
    REFERENCE = auto()
    REFERENCES = auto()
    SECRET = auto()
    DAY = auto()
    INSTANT = auto()
    CLOCK = auto()
    YES_NO = auto()


POINTING = (Kind.REFERENCE, Kind.REFERENCES)


class Choice(StrEnum):
    """A closed set of words: `COLD = "cold", "冷藏柜", "Cold cabinet"`."""

    label: T

    def __new__(cls, value: str, zh: str, en: str) -> "Choice":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = T(zh, en)
        return member


def choices_of(name: str, members: Mapping[str, tuple[str, str, str]]) -> type[Choice]:
    """A closed set that is known only while the hub runs: (value, zh, en) by the member's name."""
    functional: Any = Choice
    made: type[Choice] = functional(name, dict(members))
    return made


@dataclass(frozen=True, slots=True)
class Spec:
    """A field as declared: `normal` gives a value its one form, `check` says what is wrong."""

    label: T
    kind: Kind
    show: Show
    python: Any
    unit: T = _NOTHING
    min: float | None = None
    max: float | None = None
    digits: int = 0
    choices: type[Choice] | None = None
    target: str = ""
    currency: str = ""
    hint: T = _NOTHING
    check: Callable[[str], T | None] | None = None
    normal: Callable[[str], str] | None = None
    line: Any = None  # the class of LINES
    mask: Callable[[str], str] = hidden  # what of a guarded text may be shown to everybody


def _column(spec: Spec, type_: Any, default: Any = None) -> MappedColumn[Any]:
    info: Mapping[str, object] = {"spec": spec}
    if default is None:
        return mapped_column(type_, info=dict(info))
    return mapped_column(type_, info=dict(info), default=default)


def text(
    zh: str,
    en: str,
    show: Show = NOTHING,
    *,
    max: int = 200,
    hint: T = _NOTHING,
    default: str | None = None,
    check: Callable[[str], T | None] | None = None,
) -> MappedColumn[str]:
    """One line, trimmed; an empty line is no value."""
    spec = Spec(T(zh, en), Kind.TEXT, show, str, max=max, hint=hint, check=check)
    return _column(spec, sa.String(max), default)


def long_text(zh: str, en: str, show: Show = NOTHING, *, max: int = 4000) -> MappedColumn[str]:
    """Several lines."""
    return _column(Spec(T(zh, en), Kind.LONG_TEXT, show, str, max=max), sa.Text())


def phone(zh: str, en: str, show: Show = NOTHING) -> MappedColumn[str]:
    """A telephone number, kept in one form however it was typed."""
    return _column(
        Spec(
            T(zh, en),
            Kind.PHONE,
            show,
            str,
            max=contact.PHONE_MAX,
            check=contact.phone_problem,
            normal=contact.plain_phone,
            mask=masked_phone,
        ),
        sa.String(contact.PHONE_MAX),
    )


def email(zh: str, en: str, show: Show = NOTHING) -> MappedColumn[str]:
    """An e-mail address in small letters."""
    return _column(
        Spec(
            T(zh, en),
            Kind.EMAIL,
            show,
            str,
            max=contact.EMAIL_MAX,
            check=contact.email_problem,
            normal=contact.plain_email,
            mask=masked_email,
        ),
        sa.String(contact.EMAIL_MAX),
    )


def point(zh: str, en: str, show: Show = NOTHING) -> MappedColumn[str]:
    """A place on the map, WGS 84: `31.229600,121.454900`."""
    spec = Spec(
        T(zh, en),
        Kind.TEXT,
        show,
        str,
        max=contact.POINT_MAX,
        hint=contact.POINT_HINT,
        check=contact.point_problem,
        normal=contact.plain_point,
    )
    return _column(spec, sa.String(contact.POINT_MAX))


def secret(
    zh: str,
    en: str,
    show: Show = NOTHING,
    *,
    max: int = 200,
    mask: Callable[[str], str] = hidden,
    check: Callable[[str], T | None] | None = None,
    hint: T = _NOTHING,
) -> MappedColumn[Secret]:
    """A text that only the vault can open, for those with the right `<rights>.reveal`.

    Never searched, sorted, filtered or drafted; lists, forms, history and API tell its mask.
    """
    if show & (Show.SEARCH | Show.FILTER | Show.KEY | Show.UNIQUE | Show.TITLE):
        raise TypeError(f"{en}: a secret can neither be found nor be unique.")
    spec = Spec(T(zh, en), Kind.SECRET, show, Secret, max=max, mask=mask, check=check, hint=hint)
    return _column(spec, SecretText())


def labels(zh: str, en: str, show: Show = NOTHING) -> MappedColumn[list[str]]:
    """Some short words in the order given; no words are no value."""
    spec = Spec(T(zh, en), Kind.LABELS, show, list[str], hint=SEPARATED)
    return _column(spec, LabelList())


def whole(
    zh: str,
    en: str,
    show: Show = NOTHING,
    *,
    unit: str | T = "",
    ge: int = 0,
    le: int = INT_MAX,
    default: int | None = None,
) -> MappedColumn[int]:
    """A whole number in [ge, le]."""
    spec = Spec(T(zh, en), Kind.WHOLE, show, int, unit=_unit(unit), min=ge, max=le)
    return _column(spec, sa.Integer(), default)


def number(
    zh: str,
    en: str,
    show: Show = NOTHING,
    *,
    unit: str | T = "",
    ge: float = 0,
    le: float = 1e9,
    digits: int = 1,
) -> MappedColumn[float]:
    """A measured number in [ge, le], shown with `digits` decimals. Never money."""
    spec = Spec(
        T(zh, en), Kind.NUMBER, show, float, unit=_unit(unit), min=ge, max=le, digits=digits
    )
    return _column(spec, sa.Float())


def money(zh: str, en: str, show: Show = NOTHING, *, currency: str) -> MappedColumn[int]:
    """Minor units; `currency` names the field of the same record that holds the ISO code."""
    spec = Spec(T(zh, en), Kind.MONEY, show, int, min=0, max=MONEY_MAX, currency=currency)
    return _column(spec, sa.BigInteger())


def decimal(
    zh: str,
    en: str,
    show: Show = NOTHING,
    *,
    unit: str | T = "",
    ge: int = 0,
    le: int = MONEY_MAX,
    default: int | None = None,
) -> MappedColumn[int]:
    """An exact amount in whole thousandths of its unit: `quantity_milli` 1500 is shown as 1.5."""
    spec = Spec(T(zh, en), Kind.MILLI, show, int, unit=_unit(unit), min=ge, max=le, digits=3)
    return _column(spec, sa.BigInteger(), default)


def choice(
    zh: str, en: str, choices: type[C], show: Show = NOTHING, *, default: C | None = None
) -> MappedColumn[C]:
    """One of a closed set."""
    spec = Spec(T(zh, en), Kind.CHOICE, show, choices, choices=choices)
    kind = sa.Enum(
        choices,
        native_enum=False,
        length=_CHOICE_LENGTH,
        values_callable=lambda members: [member.value for member in members],
    )
    return _column(spec, kind, default)


def reference(zh: str, en: str, target: str, show: Show = NOTHING) -> MappedColumn[UUID]:
    """The id of a record of the table `target`, which the asker must be able to see."""
    spec = Spec(T(zh, en), Kind.REFERENCE, show, UUID, target=target)
    return mapped_column(sa.Uuid(), sa.ForeignKey(f"{target}.id"), index=True, info={"spec": spec})


def references(zh: str, en: str, target: str, show: Show = NOTHING) -> MappedColumn[list[UUID]]:
    """Some records of the table `target`, in the order given; none are no value."""
    return _column(Spec(T(zh, en), Kind.REFERENCES, show, list[UUID], target=target), IdList())


def day(zh: str, en: str, show: Show = NOTHING) -> MappedColumn[date]:
    """A calendar day, without time or zone."""
    return _column(Spec(T(zh, en), Kind.DAY, show, date), sa.Date())


def clock(
    zh: str, en: str, show: Show = NOTHING, *, default: time | None = None, hint: T = _NOTHING
) -> MappedColumn[time]:
    """A time of day in the store's zone."""
    return _column(Spec(T(zh, en), Kind.CLOCK, show, time, hint=hint), sa.Time(), default)


def instant(zh: str, en: str, show: Show = NOTHING) -> MappedColumn[datetime]:
    """A moment, aware and UTC."""
    # The column type comes from Base.type_annotation_map, so a naive value is refused.
    return mapped_column(info={"spec": Spec(T(zh, en), Kind.INSTANT, show, datetime)})


def yes_no(
    zh: str, en: str, show: Show = NOTHING, *, default: bool | None = None
) -> MappedColumn[bool]:
    """A plain fact; where a third answer may come one day, use `choice`."""
    return _column(Spec(T(zh, en), Kind.YES_NO, show, bool), sa.Boolean(), default)
