"""Errors the hub shows to its users.

HubError
├── UnauthorizedError  401  nobody is signed in
├── ForbiddenError     403  this user may not do this
├── NotFoundError      404  no such record, or none that this user may see
├── ConflictError      409  the record exists, or its state forbids the action
├── InvalidError       422  the values break a rule that a schema cannot express
└── BusyError          503  a part of the hub is not ready; try again
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class T:
    """One sentence or label for people, in Chinese and English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en

    def format(self, **values: object) -> "T":
        """Fill `{name}` places in both languages."""
        return T(self.zh.format(**values), self.en.format(**values))


class CommandError(Exception):
    """A command cannot go on; the message says what, where, and what to do."""


class StartError(CommandError):
    """The hub cannot start; the message says what to do."""


class HubError(Exception):
    """Base of every error that becomes an HTTP answer; anything else is a bug and a 500."""

    status: int = 500

    def __init__(self, text: T) -> None:
        super().__init__(text.en)
        self.text = text

    def members(self) -> dict[str, object]:
        """What the problem document says besides the sentence (RFC 9457, 3.2)."""
        return {}

    def headers(self) -> dict[str, str]:
        """What the answer bears in its head besides."""
        return {}


class UnauthorizedError(HubError):
    status = 401


class ForbiddenError(HubError):
    status = 403


class NotFoundError(HubError):
    status = 404


class FieldsError(HubError):
    """`fields` maps a field's name to what is wrong with it."""

    def __init__(self, text: T, fields: dict[str, T] | None = None) -> None:
        super().__init__(text)
        self.fields = fields or {}


class ConflictError(FieldsError):
    status = 409


class InvalidError(FieldsError):
    status = 422


class BusyError(HubError):
    status = 503
