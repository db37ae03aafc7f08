"""Many alerts of one store at once are one incident: an alert of rule STORM over the others.

A storm is for what nobody has a name for; where a cause is known (no power, agent offline), that
alert is the incident.
"""

from collections.abc import Sequence

from hub.alerts.families import (
    OF_ARCHIVE,
    STORE_CAUSES,
    STORM_LASTS,
    STORM_SIZE,
    STORM_WINDOW,
    UNSENSED,
    Place,
)
from hub.alerts.models import AlertEventKind, AlertStatus
from hub.alerts.rows import AlertState, Batch
from hub.detection.findings import Rule
from hub.kit.ids import uuid7

STORM_SOURCE = "store"


def storm_of(open_ones: Sequence[AlertState], alert: AlertState) -> AlertState | None:
    """The storm that a new alert of the same store belongs to."""
    if alert.place.rule in OF_ARCHIVE:
        return None
    for one in open_ones:
        is_storm = one.place.rule is Rule.STORM
        if is_storm and alert.raised_at - one.raised_at <= STORM_LASTS:
            return None if alert.place.rule in STORE_CAUSES else one
    return None


def gather(batch: Batch, open_ones: Sequence[AlertState]) -> AlertState | None:
    """A new storm, where so many alerts of one store stand for themselves and are that young."""
    young = [
        one
        for one in open_ones
        if one.parent_id is None
        and one.place.rule not in UNSENSED
        and abs(batch.now - one.raised_at) <= STORM_WINDOW
    ]
    if len(young) < STORM_SIZE:
        return None
    store_id = young[0].place.store_id
    storm = AlertState(
        id=uuid7(),
        chain_id=young[0].chain_id,
        place=Place(store_id, None, STORM_SOURCE, Rule.STORM),
        severity=max(one.severity for one in young),
        status=AlertStatus.RAISED,
        events=0,
        began_at=min(one.began_at for one in young),
        since_at=batch.now,
        raised_at=batch.now,
        evidence={"devices": sorted({one.place.device or "" for one in young} - {""})},
    )
    batch.new[storm.id] = storm
    batch.tell(storm, AlertEventKind.RAISED, {"number": len(young)})
    return storm
