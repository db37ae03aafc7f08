"""How the receipts of one make of till are printed, as data: a TOML file of `layouts/`."""

import re
import tomllib
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from protocols.pos.ticket import TicketKind


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HeadRule(_Model):
    """Groups: number, at, cashier, member, original_day, original_number; all are optional."""

    pattern: Pattern
    kind: TicketKind | None = Field(None, description="a line like this makes the ticket so")


class ItemRule(_Model):
    """Groups: name; code, quantity, price, amount of a detail; amount of a discount."""

    pattern: Pattern
    means: Literal["name", "detail", "discount"]


class TotalRule(_Model):
    """Groups: amount, and rate of a tax. A tender's kind stands for itself."""

    pattern: Pattern
    means: Literal[
        "total",
        "discount",
        "tax",
        "change",
        "nothing",
        "cash",
        "card",
        "wechat",
        "alipay",
        "points",
        "voucher",
        "other",
    ]


class Layout(_Model):
    """Head, items and totals stand in this order, parted by separator lines."""

    encoding: str
    separator: Pattern
    time_format: str
    day_format: str
    decimals: Annotated[int, Field(ge=0, le=3)] = 2
    head: tuple[HeadRule, ...]
    items: tuple[ItemRule, ...]
    totals: tuple[TotalRule, ...]


def layout_names() -> list[str]:
    folder = files("protocols").joinpath("pos", "layouts")
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir())


def load_layout(name: str) -> Layout:
    """Read `protocols/pos/layouts/<name>.toml`; raise FileNotFoundError or ValidationError."""
    text = files("protocols").joinpath("pos", "layouts", f"{name}.toml").read_text("utf-8")
    return Layout.model_validate(tomllib.loads(text))
