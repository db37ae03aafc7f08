"""The one record that travels from a device to the hub."""

from datetime import datetime
from enum import IntEnum
from typing import NamedTuple


class Quality(IntEnum):
    """Trust in a value; BAD, STALE and GOOD are the codes of Sparkplug 3.0, chapter 6.

    ESTIMATED is OPC's "uncertain": a value whose time or size was worked out, not read. On the wire
    it is GOOD with a property of our own, since the standard has no fourth code.
    """

    BAD = 0
    ESTIMATED = 64
    GOOD = 192
    STALE = 500


class Reading(NamedTuple):
    """One value of one metric at one moment.

    `metric` is a name of `protocols.metrics`, whose suffix tells the unit of `value`.
    `value` is a finite float for gauges, counters and states, text for documents (a till ticket);
    None only where `quality` is BAD or STALE: the device did not say.
    `time` is aware and UTC: the end of the bus read, not of sending.
    """

    device: str
    metric: str
    value: float | str | None
    time: datetime
    quality: Quality = Quality.GOOD
