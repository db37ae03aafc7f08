"""Codes that a scale prints: an article and its weight or price in one barcode (INV-15).

A pure reading: which digits mean what is told by a `Layout`, as shops set up their scales.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.archive.products.barcodes import check_digit


@dataclass(frozen=True, slots=True)
class Layout:
    """A code begins with `prefix`, then the article, then the price or the weight.

    `price_digits` minor units and `weight_digits` thousandths of a kilogram may both be there (the
    code of 18 digits); none has no digits. The last digit checks the others.
    """

    prefix: str
    article_digits: int
    price_digits: int = 0
    weight_digits: int = 0

    @property
    def length(self) -> int:
        return len(self.prefix) + self.article_digits + self.price_digits + self.weight_digits + 1


@dataclass(frozen=True, slots=True)
class Weighed:
    """`code` is the article with its prefix; `article` without it. None: the code does not tell."""

    code: str
    article: str
    price_minor: int | None
    weight_milli: int | None


def read(code: str, layouts: Iterable[Layout]) -> Weighed | None:
    """What the first layout that fits makes of a code; None when it is none of them."""
    for layout in layouts:
        if _fits(code, layout):
            return _parts(code, layout)
    return None


def _fits(code: str, layout: Layout) -> bool:
    return (
        len(code) == layout.length
        and code.isascii()
        and code.isdecimal()
        and code.startswith(layout.prefix)
        and check_digit(code[:-1]) == int(code[-1])
    )


def _parts(code: str, layout: Layout) -> Weighed:
    begin = len(layout.prefix)
    end = begin + layout.article_digits
    price_end = end + layout.price_digits
    price = int(code[end:price_end]) if layout.price_digits else None
    weight = int(code[price_end:-1]) if layout.weight_digits else None
    return Weighed(code[:end], code[begin:end], price, weight)
