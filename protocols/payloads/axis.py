"""Axis People Counter (ACAP tvpc): the answer to `live-sum.json`.

Facts: Axis People Counter API page. The camera tells its own local time without offset.
"""

from datetime import tzinfo

from protocols.payloads.values import PayloadValue, count, from_text, json_object


def decode(payload: bytes, zone: tzinfo) -> tuple[PayloadValue, ...]:
    """Running totals; `zone` is that of the camera."""
    said = json_object(payload, "Axis")
    at = from_text(said.get("timestamp"), zone, "%Y%m%d%H%M%S")
    return (
        PayloadValue("in_total", count(said.get("in"), "Axis in"), at=at),
        PayloadValue("out_total", count(said.get("out"), "Axis out"), at=at),
    )
