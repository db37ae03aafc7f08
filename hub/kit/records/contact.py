"""Telephone numbers, e-mail addresses and map points, each in one form, however it was typed."""

import re
import unicodedata

from hub.errors import T

PHONE_MAX, EMAIL_MAX, POINT_MAX = 32, 120, 24
POINT_HINT = T("纬度,经度，如 31.2296,121.4549", "Latitude,longitude, such as 31.2296,121.4549")
_FILLING = re.compile(r"[\s()\-–—.·/]+")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)\s*", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d{3,15}(?:x\d{1,6})?")
_CHINESE_MOBILE = re.compile(r"\+86(1[3-9]\d{9})")
_POINT = re.compile(r"(-?\d{1,2}(?:\.\d+)?)\s*[,，]\s*(-?\d{1,3}(?:\.\d+)?)")
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


def plain_point(typed: str) -> str:
    """`31.2296， 121.4549` is `31.229600,121.454900`: six digits are 11 cm."""
    matched = _POINT.fullmatch(unicodedata.normalize("NFKC", typed).strip())
    return f"{float(matched[1]):.6f},{float(matched[2]):.6f}" if matched else typed.strip()


def point_problem(plain: str) -> T | None:
    """What is wrong with a map point in its one form, or None."""
    matched = _POINT.fullmatch(plain)
    if matched and abs(float(matched[1])) <= 90 and abs(float(matched[2])) <= 180:
        return None
    return T(
        "请写成 31.2296,121.4549（纬度,经度）。", "Write 31.2296,121.4549 (latitude,longitude)."
    )
