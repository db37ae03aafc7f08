"""Findings for the tests of alerts."""

from datetime import UTC, datetime
from uuid import UUID

from hub.detection.findings import Change, Evidence, Finding, Rule, Severity

NOW = datetime(2026, 3, 17, 3, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
AIR = "freezer-1/air_temperature_c"


def finding(
    store_id: UUID,
    change: Change = Change.RAISED,
    rule: Rule = Rule.TEMPERATURE_HIGH,
    source: str = AIR,
    severity: Severity = Severity.MEDIUM,
    *,
    since_ms: int = NOW_MS - 600_000,
    at_ms: int = NOW_MS,
) -> Finding:
    device, _, metric = source.partition("/")
    evidence = Evidence(
        trigger="above-limit",
        device=None if device == "store" else device,
        metric=metric or None,
        value=-11.2,
        limit=-15.0,
        usual=-20.1,
        window_start_ms=since_ms,
        window_end_ms=at_ms,
    )
    return Finding(change, store_id, source, rule, severity, since_ms, at_ms, evidence)
