"""The home page as each person wants it: which tiles, in which order, how wide (UX-09)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub.errors import T
from hub.kit.preferences.service import prefer, preferences
from hub.kit.session import ScopedSession
from hub.security.actor import Actor

KEY = "home"


class Size(StrEnum):
    """Thirds of the page on a desk; phones have one column."""

    NARROW = "narrow"
    WIDE = "wide"
    FULL = "full"


SIZES: Mapping[Size, T] = {
    Size.NARROW: T("窄", "Narrow"),
    Size.WIDE: T("宽", "Wide"),
    Size.FULL: T("整行", "Full row"),
}
TILES: Mapping[str, T] = {  # the blocks of overview.html
    "vitals": T("今日要点", "Figures of today"),
    "stores": T("门店", "Stores"),
    "open_alerts": T("要处理的预警", "Alerts to handle"),
    "tasks": T("我的任务", "My tasks"),
    "sales": T("今日销售", "Sales today"),
    "footfall": T("今日客流", "Footfall today"),
    "changes": T("最近变化", "What changed"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One part of the page; `text` is how it is kept."""

    id: str
    size: Size

    @property
    def text(self) -> str:
        return f"{self.id}:{self.size}"

    @staticmethod
    def of(text: str) -> "Tile | None":
        name, _, size = text.partition(":")
        return Tile(name, Size(size)) if name in TILES and size in tuple(Size) else None


def _tiles(text: str) -> tuple[Tile, ...]:
    return tuple(tile for tile in map(Tile.of, text.split()) if tile)


LEAD = _tiles(
    "vitals:full open_alerts:narrow stores:wide tasks:narrow"
    " sales:narrow footfall:narrow changes:narrow"
)
FLOOR = _tiles(
    "tasks:narrow open_alerts:wide changes:narrow vitals:full stores:wide footfall:narrow"
)
WORKSHOP = _tiles("tasks:narrow open_alerts:wide changes:narrow stores:full")
DEFAULTS: tuple[tuple[frozenset[str], tuple[Tile, ...]], ...] = (
    (frozenset({"clerk", "cashier", "stock_keeper", "practitioner"}), FLOOR),
    (frozenset({"technician", "installer"}), WORKSHOP),
)


def default(actor: Actor) -> tuple[Tile, ...]:
    """What the roles of this person begin with."""
    held = frozenset(actor.roles)
    return next((tiles for roles, tiles in DEFAULTS if held and held <= roles), LEAD)


def layout(session: ScopedSession, actor: Actor) -> tuple[Tile, ...]:
    """What this person chose, or the default; tiles of another release are left out."""
    kept = preferences(session, KEY).get(KEY)
    chosen = tuple(tile for tile in map(Tile.of, kept or ()) if tile)
    return chosen or default(actor)


def choices(shown: Sequence[Tile]) -> list[tuple[Tile, T, bool]]:
    """Every tile with its name and whether it is shown; those shown first, in their order."""
    left = [Tile(name, Size.NARROW) for name in TILES if name not in {tile.id for tile in shown}]
    on = [(tile, TILES[tile.id], True) for tile in shown]
    return on + [(tile, TILES[tile.id], False) for tile in left]


def keep(session: ScopedSession, tiles: Iterable[Tile]) -> None:
    """None at all means the default again."""
    unique = {tile.id: tile for tile in tiles}
    prefer(session, KEY, [tile.text for tile in unique.values()] or None)
