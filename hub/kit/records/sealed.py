"""A secret as the database keeps it, and what may be shown of guarded texts."""

from dataclasses import dataclass

from sqlalchemy import Dialect, Text, TypeDecorator

HIDDEN = "••••"


def hidden(_plain: str) -> str:
    """A mask that tells nothing."""
    return HIDDEN


def last4(plain: str) -> str:
    """The last four characters of numbers that people know by them."""
    return HIDDEN + plain[-4:] if len(plain) >= 8 else HIDDEN


def masked_phone(plain: str) -> str:
    """`13800138000` is `138****8000`."""
    return f"{plain[:3]}****{plain[-4:]}" if len(plain) >= 9 else HIDDEN


def masked_email(plain: str) -> str:
    """`anna@example.com` is `a***@example.com`."""
    name, _, host = plain.partition("@")
    return f"{name[:1]}***@{host}"


@dataclass(frozen=True, slots=True)
class Secret:
    """`str()` of it tells nothing; only `hub.kit.records.reveal` opens it."""

    sealed: str

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return "Secret()"


class SecretText(TypeDecorator[Secret]):
    """The sealed text alone, so that keys can be rotated beneath the engine."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Secret | None, dialect: Dialect) -> str | None:
        return value.sealed if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> Secret | None:
        return None if value is None else Secret(value)
