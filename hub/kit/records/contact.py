"""Telephone numbers and e-mail addresses in one form each, so that the same one is found again."""

import re
import unicodedata

from hub.errors import T

PHONE_MAX, EMAIL_MAX = 32, 120
_FILLING = re.compile(r"[\s()\-–—.·/]+")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)\s*", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d{3,15}(?:x\d{1,6})?")
_CHINESE_MOBILE = re.compile(r"\+86(1[3-9]\d{9})")
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@.,;<>\"]+(?:\.[^\s@.,;<>\"]+)+")


def plain_phone(typed: str) -> str:
    """`+86 138-0013 8000` is `13800138000`, `021-5555 1234 转 8` is `02155551234x8`."""
    text = unicodedata.normalize("NFKC", typed).strip()
    text = _FILLING.sub("", _EXTENSION.sub("x", text))
    text = "+" + text[2:] if text.startswith("00") else text
    mobile = _CHINESE_MOBILE.fullmatch(text)
    return mobile[1] if mobile else text


def phone_problem(plain: str) -> T | None:
    """What is wrong with a number in its one form, or None."""
    if _PHONE.fullmatch(plain):
        return None
    return T(
        "请写成 13800138000、021-55551234 转 8 或 +44 20 7946 0018。",
        "Write 13800138000, 021-55551234 ext. 8 or +44 20 7946 0018.",
    )


def plain_email(typed: str) -> str:
    """Without spaces around it, in small letters."""
    return unicodedata.normalize("NFKC", typed).strip().lower()


def email_problem(plain: str) -> T | None:
    """What is wrong with an address, or None."""
    if _EMAIL.fullmatch(plain):
        return None
    return T("请写成 name@example.com。", "Write it as name@example.com.")
