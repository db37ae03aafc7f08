"""What a payload says, in our vocabulary, and how to read JSON that strangers send."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any

from protocols.errors import FrameError

_MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138


@dataclass(frozen=True, slots=True)
class PayloadValue:
    """One value of a payload.

    `part` is the line, region or channel of the device that it belongs to, "" for the whole.
    `at` is aware and UTC; None where the payload has no time: then the time of receipt counts.
    `is_historical`: sent again or late, not news of this moment.
    `event_id` is the same for the same event of one device however often it is sent; "" where the
    payload has nothing to tell them apart.
    """

    metric: str
    value: float
    part: str = ""
    at: datetime | None = None
    is_historical: bool = False
    event_id: str = ""


class Counting(StrEnum):
    """Which of two tellings of the same people to take; both would count them twice.

    TOTALS survive a lost message, PERIODS a counter that is set to zero each night.
    """

    TOTALS = "totals"
    PERIODS = "periods"


def json_value(payload: bytes, maker: str) -> Any:
    """Parse `payload`; FrameError where it is no JSON in UTF-8."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"The {maker} message of {len(payload)} bytes is no JSON.") from error


def json_object(payload: bytes, maker: str) -> dict[str, Any]:
    """Parse `payload`; FrameError where it is no JSON object."""
    found = json_value(payload, maker)
    if not isinstance(found, dict):
        raise FrameError(f"The {maker} message is a JSON {type(found).__name__}, not an object.")
    return found


def number(value: object, what: str) -> float:
    """A finite number, also where it was sent as text; FrameError otherwise."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(f"{type(value).__name__}")
        found = float(value)
    except (ValueError, OverflowError) as error:
        raise FrameError(f"{what} is {value!r}, not a number.") from error
    if not -1e15 < found < 1e15:
        raise FrameError(f"{what} is {value!r}, beyond any real device.")
    return found


def count(value: object, what: str) -> float:
    """A whole number of people that is not negative; FrameError otherwise."""
    found = number(value, what)
    if found < 0 or found != int(found):
        raise FrameError(f"{what} is {value!r}, not a count.")
    return found


def from_epoch(seconds: float) -> datetime:
    """UTC of seconds or milliseconds since 1970; FrameError before 2000 or after 2100."""
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000
    if not 946_684_800 <= seconds < 4_102_444_800:
        raise FrameError(f"Time {seconds} is not between 2000 and 2100: is the clock set?")
    return datetime.fromtimestamp(seconds, UTC)


def from_text(text: object, zone: tzinfo, form: str | None = None) -> datetime:
    """UTC of an ISO 8601 time, or of one in `form`; without offset it is local time of `zone`."""
    try:
        if not isinstance(text, str):
            raise ValueError("no text")
        found = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 made aware below
    except ValueError as error:
        raise FrameError(f"Time {text!r} is not understood.") from error
    aware = found if found.tzinfo else found.replace(tzinfo=zone)
    return aware.astimezone(UTC)
