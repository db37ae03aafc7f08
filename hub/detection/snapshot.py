"""Detector state as bytes and back: what a checkpoint holds."""

import hashlib
import io
import json
import zlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hub.detection.catalog import Catalog
from hub.detection.engine import Engine
from hub.detection.equipment import States
from hub.detection.findings import Rule, Severity
from hub.detection.profile import WEEK_SLOTS, Profile
from hub.detection.slots import StreamKey
from hub.detection.trade import Habit, Standing

_DIGEST_BYTES = 32
_LEVEL = 1  # the rings are mostly zeros; more effort gains little
_SLOT_ARRAYS = ("count", "covered", "newest")


class SnapshotError(Exception):
    """The bytes are damaged, or of other series than the catalog's."""


def dump(engine: Engine) -> bytes:
    """The whole state; `load` into an engine of the same or a grown catalog."""
    trade, presence = engine.trade, engine.presence
    slots = trade.slots
    size = len(slots.keys)
    profiles = sorted(trade.profiles)
    about = {
        "catalog": engine.catalog.size,
        "catalog_digest": catalog_digest(engine.catalog, engine.catalog.size),
        "streams": [
            [str(key.agent_id), str(key.store_id), key.device, key.is_till] for key in slots.keys
        ],
        "standing": [
            [str(agent), rule.value, stream, *_standing(standing)]
            for (agent, rule, stream), standing in trade.standing.items()
        ],
    }
    arrays = {
        "levels": engine.series.levels,
        "books": engine.series.books,
        "devices": presence.devices,
        "agents": presence.agents,
        "stores": presence.stores,
        "usual_keys": np.array(sorted(trade.usual), np.int64),
        "usual": np.array([trade.usual[key].row() for key in sorted(trade.usual)]).reshape(-1, 4),
        "profile_keys": np.array(profiles, np.int64).reshape(-1, 2),
        "profile_means": _stacked([trade.profiles[key].mean for key in profiles]),
        "profile_shapes": _shapes([trade.profiles[key] for key in profiles]),
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
    } | {name: getattr(slots, name)[:size] for name in _SLOT_ARRAYS}
    arrays |= engine.upkeep.arrays() | engine.late.arrays()
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    body = zlib.compress(buffer.getbuffer(), _LEVEL)
    return hashlib.sha256(body).digest() + body


def load(engine: Engine, data: bytes) -> None:
    """Put a state into a new engine; SnapshotError leaves the engine as it was."""
    body = data[_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != data[:_DIGEST_BYTES]:
        raise SnapshotError("The checkpoint is damaged: its checksum does not match.")
    with np.load(io.BytesIO(zlib.decompress(body)), allow_pickle=False) as arrays:
        found = dict(arrays)
    about = json.loads(found["about"].tobytes())
    _check(engine, found, about)
    engine.series = States(found["levels"], found["books"])
    engine.presence.devices = found["devices"]
    engine.presence.agents = found["agents"]
    engine.presence.stores = found["stores"]
    engine.upkeep.load(found)
    if "late_series" in found:  # else of a hub that judged nothing late
        engine.late.load(found)
    _load_trade(engine, found, about)
    engine.use(engine.catalog)


def catalog_digest(catalog: Catalog, size: int) -> str:
    """Tells whether series below `size` are the same; what the archive says of them may change."""
    digest = hashlib.sha256()
    for series in sorted(catalog.rows):
        if series < size:
            row = catalog.rows[series]
            digest.update(f"{series} {row.store_id} {row.agent_id} {row.device}\n".encode())
    return digest.hexdigest()


def _check(engine: Engine, found: dict[str, NDArray[Any]], about: dict[str, Any]) -> None:
    size = int(about["catalog"])
    if about["catalog_digest"] != catalog_digest(engine.catalog, size):
        raise SnapshotError("The checkpoint is of other series than the registry's.")
    for name, mine in (
        ("levels", engine.series.levels),
        ("books", engine.series.books),
        ("devices", engine.presence.devices),
        ("agents", engine.presence.agents),
        ("stores", engine.presence.stores),
        ("upkeep_books", engine.upkeep.books),
        ("upkeep_trends", engine.upkeep.trends),
    ):
        if name not in found or found[name].dtype != mine.dtype:
            raise SnapshotError(f"The checkpoint is of another version of the hub: {name} differs.")


def _load_trade(engine: Engine, found: dict[str, NDArray[Any]], about: dict[str, Any]) -> None:
    slots = engine.trade.slots
    slots.keys = [StreamKey(UUID(a), UUID(s), device, t) for a, s, device, t in about["streams"]]
    slots.number = {(k.agent_id, k.device, k.is_till): n for n, k in enumerate(slots.keys)}
    for name in _SLOT_ARRAYS:
        setattr(slots, name, found[name])
    engine.trade.profiles = {
        (int(stream), int(channel)): Profile(mean, *(float(x) for x in shape))
        for (stream, channel), mean, shape in zip(
            found["profile_keys"], found["profile_means"], found["profile_shapes"], strict=True
        )
    }
    engine.trade.usual = {
        int(stream): Habit.of(row)
        for stream, row in zip(found["usual_keys"], found["usual"], strict=True)
    }
    engine.trade.standing = {
        (UUID(agent), Rule(rule), stream): Standing(since, seen, told, Severity(severity), at)
        for agent, rule, stream, since, seen, told, severity, at in about["standing"]
    }


def _standing(standing: Standing) -> list[int | bool]:
    severity = int(standing.severity)
    return [standing.since_ms, standing.seen, standing.told, severity, standing.at_ms]


def _stacked(means: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.array(means, np.float64).reshape(-1, WEEK_SLOTS)


def _shapes(profiles: Sequence[Profile]) -> NDArray[np.float64]:
    shapes = [(profile.slot_alpha, profile.day_alpha, profile.days) for profile in profiles]
    return np.array(shapes, np.float64).reshape(-1, 3)
