"""Barcodes as scanners read them: EAN and UPC with their check digit, or a code of the chain."""

import re

from hub.errors import T

_CODE = re.compile(r"[0-9A-Za-z\-]{4,32}")
_GS1_LENGTHS = (8, 12, 13, 14)


def check_digit(digits: str) -> int:
    """The last digit of a GS1 number, from those before it."""
    weighed = (int(d) * (3, 1)[n % 2] for n, d in enumerate(reversed(digits)))
    return -sum(weighed) % 10


def problem(code: str) -> T | None:
    """What is wrong with a barcode as typed, or None."""
    if not _CODE.fullmatch(code):
        return T("条码只有数字、字母和 -。", "A barcode has digits, letters and - only.")
    is_gs1 = code.isdecimal() and len(code) in _GS1_LENGTHS
    if is_gs1 and int(code[-1]) != check_digit(code[:-1]):
        return T("校验位不对，请再扫一次。", "The check digit is wrong; scan it again.")
    return None
