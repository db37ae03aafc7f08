"""How a visitor likes the pages: light, dark, as the system says, or large on a wall."""

from enum import StrEnum


class Look(StrEnum):
    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"
    WALL = "wall"

    @property
    def dark_media(self) -> str:
        """The media query under which the dark colours apply; paper is always light."""
        match self:
            case Look.AUTO:
                return "screen and (prefers-color-scheme: dark)"
            case Look.LIGHT:
                return "not all"
            case _:
                return "screen"


def choose_look(asked: str | None, kept: str | None) -> Look:
    for wish in (asked, kept):
        if wish in tuple(Look):
            return Look(wish)
    return Look.AUTO
