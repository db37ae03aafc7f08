"""What the play-book says of one rule."""

from dataclasses import dataclass

from hub.errors import T


@dataclass(frozen=True, slots=True)
class Play:
    """`says` is one sentence with the evidence in it; its `{names}` are keys of the evidence."""

    title: T
    says: T
    cause: T
    measure: tuple[T, ...]
