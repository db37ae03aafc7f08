"""Nothing that comes over the wire stops the flow (R10): seeded noise, mutations and nestings."""

import random
from collections.abc import Iterator

import numpy as np

from hub.ingest.dead_letters import Cause
from hub.ingest.follower import Follower
from protocols.sparkplug.codec import Datatype, Sample
from tests.hub.ingest.conftest import Hub
from tests.hub.ingest.test_follower import Recorder
from tests.hub.ingest.wire import START_MS, WireNode

CASES = 10_000
SEED = 10
KINDS = ("NDATA", "NBIRTH", "NDEATH", "DDATA", "DBIRTH", "DDEATH", "NCMD", "nonsense")


def sized(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + varint(len(content)) + content


def nested(depth: int) -> bytes:
    """A metric whose properties hold properties that hold properties …"""
    properties = b""
    for _ in range(depth):
        properties = sized(0x0A, b"x") + sized(0x12, sized(0x4A, properties))
    return sized(0x12, b"\x10\x01" + sized(0x4A, properties))


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes((*out, number))


def payloads(rng: random.Random, wire: WireNode) -> Iterator[tuple[str, bytes]]:
    """Mostly real messages with some bytes changed, cut off or put in."""
    values = (20.5, float("nan"), float("inf"), -1e308, None, "x\0y", "")
    while True:
        samples = [
            Sample(rng.choice((0, 1, 2, 99, 2**63)), Datatype.DOUBLE, rng.getrandbits(64), value)
            if not isinstance(value, str)
            else Sample(2, Datatype.STRING, START_MS, value)
            for value in rng.choices(values, k=rng.randrange(6))
        ]
        batch = wire.data(samples) if rng.random() < 0.9 else wire.birth()
        raw = bytearray(batch[1])
        for _ in range(rng.randrange(4)):
            place = rng.randrange(len(raw) + 1)
            raw[place : place + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        if rng.random() < 0.05:
            raw = bytearray(rng.choice((nested(150), nested(20), rng.randbytes(5000), b"{}" * 99)))
        kind = rng.choice(KINDS) if rng.random() < 0.3 else "NDATA"
        device = "till-1" if kind.startswith("D") and rng.random() < 0.8 else ""
        yield wire.topic(kind, device), bytes(raw)


def test_ten_thousand_wrong_messages_stop_nothing(hub: Hub, born: WireNode) -> None:
    rng = random.Random(SEED)
    source = payloads(rng, WireNode(epoch=99))
    consumer = Recorder()
    follower = Follower(consumer, hub.feed, hub.letters)
    for turn in range(CASES // 100):
        wrong = [next(source) for _ in range(100)]
        hub.take(*wrong, received_ms=START_MS + turn)
        hub.take(born.temperature(float(turn)), received_ms=born.now_ms)
        while (block := hub.feed.next("test", follower._at)) is not None:
            assert np.isfinite(block.points.value).all()
            follower._apply(block)
    assert hub.intake.counts["messages"] >= CASES
    assert hub.letters.counts[Cause.MALFORMED] > CASES / 20
    assert hub.letters.counts[Cause.FAILED] == hub.letters.counts[Cause.POISON] == 0
    assert {float(turn) for turn in range(CASES // 100)} <= set(consumer.values)
