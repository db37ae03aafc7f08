"""The load of the ingest benchmark: many edge nodes over one raw MQTT connection.

All messages are made before the clock starts; then each node keeps to its window of
unacknowledged batches, as an agent does. Prints one JSON line: when it began and when all was
acknowledged.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Iterator

from protocols.sparkplug import codec, journal
from protocols.sparkplug.codec import Datatype, Declaration, Sample
from protocols.sparkplug.journal import BatchId, OpenEpoch
from protocols.sparkplug.topics import EdgeNode, MessageType, parse_topic

GROUP = "bench-1"
NODES = 100
METRICS = 100  # of each node
WINDOW = 256
STEP_MS = 10_000
PATIENCE_S = 5.0
SPAN_S = 3600  # the values lie in the last hour


def node_ids() -> list[str]:
    return [f"store-{n + 1}" for n in range(NODES)]


USUAL = {
    "air_temperature_c": 3.8,
    "evaporator_temperature_c": -6.0,
    "setpoint_c": 4.0,
    "suction_pressure_bar": 3.0,
    "discharge_pressure_bar": 12.0,
    "compressor_running": 1.0,
    "fan_running": 1.0,
    "defrost_active": 0.0,
    "door_open": 0.0,
    "alarm_active": 0.0,
}
GAUGES = ("_c", "_bar")


def names() -> list[str]:
    """Ten cabinets of ten metrics each."""
    return [
        f"cabinet-{n // 10 + 1}/{metric}"
        for n, metric in zip(range(METRICS), 10 * [*USUAL], strict=True)
    ]


def value(metric: str, number: int) -> float:
    usual = USUAL[metric.partition("/")[2]]
    return usual + number % 7 / 10 if metric.endswith(GAUGES) else usual


class Connection:
    """MQTT 3.1.1 as far as this needs it."""

    def __init__(self, port: int, group: str = GROUP) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        client = b"bench-load"
        head = b"\x00\x04MQTT\x04\x02\x00\x00" + len(client).to_bytes(2) + client
        self.socket.sendall(b"\x10" + _length(len(head)) + head)
        topic = f"spBv1.0/{group}/NCMD/+".encode()
        body = b"\x00\x01" + len(topic).to_bytes(2) + topic + b"\x00"
        self.socket.sendall(b"\x82" + _length(len(body)) + body)

    def packets(self) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of what has come, without waiting."""
        while select.select([self.socket], [], [], 0)[0]:
            chunk = self.socket.recv(1 << 16)
            if not chunk:
                raise ConnectionError("the broker hung up")
            self._received += chunk
        while (packet := self._next()) is not None:
            kind, body = packet
            if kind >> 4 == 3:
                size = int.from_bytes(body[:2])
                yield body[2 : 2 + size].decode(), bytes(body[2 + size :])

    def _next(self) -> tuple[int, bytes] | None:
        data, length, shift, at = self._received, 0, 0, 1
        while True:
            if len(data) <= at:
                return None
            length |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 128:
                break
        if len(data) < at + length:
            return None
        packet = data[0], bytes(data[at : at + length])
        del data[: at + length]
        return packet


def publish(topic: str, payload: bytes) -> bytes:
    name = topic.encode()
    return b"\x30" + _length(2 + len(name) + len(payload)) + len(name).to_bytes(2) + name + payload


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, digit = number >> 7, number & 127
        out.append(digit | (128 if number else 0))
        if not number:
            return bytes(out)


class Node:
    """One agent: its frames, and how far they are sent and acknowledged."""

    def __init__(self, name: str, epoch: int) -> None:
        self.edge, self.epoch = EdgeNode(GROUP, name), epoch
        self.frames: list[bytes] = []
        self.sent = self.acked = 0

    def birth(self, now_ms: int) -> bytes:
        opened = journal.format_open([OpenEpoch(self.epoch, 1, len(self.frames))])
        metrics = [
            Declaration(name, Datatype.DOUBLE, 0.0, alias=alias)
            for alias, name in enumerate(names(), 1)
        ]
        own = [
            Declaration(codec.BDSEQ, Datatype.INT64, 0),
            Declaration(journal.OPEN, Datatype.STRING, opened),
        ]
        payload = codec.birth([*own, *metrics], time_ms=now_ms, seq=0)
        return publish(self.edge.topic(MessageType.NBIRTH), payload)

    def prepare(self, messages: int, size: int, start_ms: int) -> None:
        topic, metrics_of = self.edge.topic(MessageType.NDATA), names()
        per_round = METRICS // size
        for number in range(messages):
            first, t_ms = number % per_round * size, start_ms + number // per_round * STEP_MS
            metrics = codec.encode_values(
                Sample(i + 1, Datatype.DOUBLE, t_ms, value(metrics_of[i], number // per_round))
                for i in range(first, first + size)
            )
            body = journal.encode_body(BatchId(self.epoch, number + 1))
            payload = codec.message(metrics, time_ms=t_ms, seq=number % 256, body=body)
            self.frames.append(publish(topic, payload))


def run(port: int, size: int, readings: int) -> dict[str, float]:
    line = Connection(port)
    now_ms = time.time_ns() // 1_000_000
    nodes = {name: Node(name, 1000 + i) for i, name in enumerate(node_ids())}
    for node in nodes.values():
        node.prepare(readings // size // NODES, size, now_ms - SPAN_S * 1000)
    _bear(line, nodes, now_ms)
    began = time.monotonic()
    progress = began
    while any(node.acked < len(node.frames) for node in nodes.values()):
        out = [frame for node in nodes.values() for frame in _due(node)]
        if out:
            line.socket.sendall(b"".join(out))
        else:
            select.select([line.socket], [], [], 0.05)
        if _take_acks(line, nodes):
            progress = time.monotonic()
        elif time.monotonic() - progress > PATIENCE_S:  # lost on the way
            progress = time.monotonic()
            for node in nodes.values():
                node.sent = node.acked
    return {"began_s": began, "acked_s": time.monotonic()}


def _bear(line: Connection, nodes: dict[str, Node], now_ms: int) -> None:
    """Every birth is answered by an acknowledgement of 0."""
    for node in nodes.values():
        line.socket.sendall(node.birth(now_ms))
    heard: set[str] = set()
    while len(heard) < len(nodes):
        heard |= {parse_topic(topic).node for topic, _ in line.packets()}
        time.sleep(0.01)


def _take_acks(line: Connection, nodes: dict[str, Node]) -> bool:
    is_news = False
    for topic, payload in line.packets():
        for ack in journal.acknowledged(codec.parse(payload)):
            nodes[parse_topic(topic).node].acked = ack.id
            is_news = True
    return is_news


def _due(node: Node) -> list[bytes]:
    until = min(len(node.frames), node.acked + WINDOW, node.sent + 16)
    due, node.sent = node.frames[node.sent : until], max(node.sent, until)
    return due


if __name__ == "__main__":
    found = run(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(found) + "\n")
