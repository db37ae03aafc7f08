"""The strip of figures at the head of a page: one look says how a store is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vital:
    """`severity` puts its shape before the label; `change` is set in bold after the foot."""

    label: str
    text: str
    unit: str = ""
    foot: str = ""
    change: str = ""
    href: str = ""
    severity: str = ""
