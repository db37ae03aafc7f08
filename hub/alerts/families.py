"""Which alert explains which: a known cause keeps what follows from it from alerting (ALR-15)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub.detection.findings import Rule

RERAISE_HOLD = timedelta(minutes=30)  # a resolved alert whose cause goes on comes back after this
AFTERMATH = timedelta(minutes=15)  # what a cause leaves behind may take so long to settle
RETURN_WITHIN = timedelta(minutes=10)  # what comes back so soon is the same alert
FLAPS_AFTER = 3  # returns; from then on an alert is kept until it has been quiet for FLAP_QUIET
FLAP_QUIET = timedelta(minutes=10)
STORM_WINDOW = timedelta(minutes=1)
STORM_SIZE = 8  # so many alerts of a store in this time are one incident
STORM_LASTS = timedelta(minutes=10)  # what begins later is a story of its own

OF_ARCHIVE = (Rule.EXPIRING, Rule.STOCK_LOW)  # nothing that happens to machines explains these
UNSENSED = (Rule.STORM, Rule.OWN, *OF_ARCHIVE)  # no detector stands behind these
STORE_CAUSES = (Rule.POWER_CUT, Rule.AGENT_OFFLINE)
_DEVICE_CAUSES: dict[Rule, tuple[Rule, ...]] = {
    Rule.TEMPERATURE_HIGH: (Rule.DOOR_OPEN, Rule.DEFROST_LONG, Rule.TEMPERATURE_HIGH),
    Rule.TEMPERATURE_LOW: (Rule.TEMPERATURE_LOW,),
    Rule.DOOR_OPEN: (Rule.DOOR_OPEN,),
    Rule.DEVICE_ALARM: (
        Rule.DOOR_OPEN,
        Rule.DEFROST_LONG,
        Rule.TEMPERATURE_HIGH,
        Rule.TEMPERATURE_LOW,
        Rule.DEVICE_ALARM,
    ),
    Rule.VALUE_LOW: (Rule.VALUE_LOW, Rule.PHASE_LOSS),
    Rule.LIMIT_AHEAD: (Rule.DOOR_OPEN, Rule.DEFROST_LONG, Rule.TEMPERATURE_HIGH),
    Rule.KINETIC_HIGH: (Rule.TEMPERATURE_HIGH,),
    Rule.PROBE_FAULT: (Rule.PROBE_FAULT,),
    Rule.NEVER_RESTS: (Rule.REFRIGERANT_LOW, Rule.EVAPORATOR_ICED, Rule.FAN_STOPPED),
    Rule.FLEET_OUTLIER: (Rule.REFRIGERANT_LOW, Rule.NEVER_RESTS),
    Rule.VALUE_HIGH: (Rule.VALUE_HIGH,),
    Rule.COUNTER_DEAD: (Rule.DEVICE_OFFLINE,),
    Rule.TILL_SILENT: (Rule.DEVICE_OFFLINE,),
}
_ORDER = (
    Rule.AGENT_OFFLINE,
    Rule.POWER_CUT,
    Rule.DEVICE_OFFLINE,
    Rule.DOOR_OPEN,
    Rule.DEFROST_LONG,
    Rule.TEMPERATURE_HIGH,
    Rule.TEMPERATURE_LOW,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert sits: what another one needs to know to be explained by it."""

    store_id: UUID
    device: str | None
    source: str
    rule: Rule

    def explains(self, other: "Place") -> bool:
        """Whether an open alert here makes one there needless."""
        if self.store_id != other.store_id or self == other or other.rule in OF_ARCHIVE:
            return False
        if self.rule in STORE_CAUSES:
            return other.rule is not self.rule and other.rule not in STORE_CAUSES
        same_device = self.device is not None and self.device == other.device
        return same_device and self.rule in _DEVICE_CAUSES.get(other.rule, ())


def rank(rule: Rule) -> int:
    """Causes come before their consequences."""
    return _ORDER.index(rule) if rule in _ORDER else len(_ORDER)
