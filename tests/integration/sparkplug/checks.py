"""What the assertions of Sparkplug 3.0 come down to: small checks over a recording.

A check answers a `Verdict`: how many things it looked at, and what is wrong with which of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from google.protobuf.message import DecodeError

from protocols.sparkplug import codec
from protocols.sparkplug.sparkplug_b_pb2 import Metric, Payload
from tests.integration.sparkplug.recorder import Said, Session
from tests.integration.sparkplug.scenario import GROUP, NODE_ID, Recording

BIRTHS, DATA = ("NBIRTH", "DBIRTH"), ("NDATA", "DDATA")
EDGE = ("NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH", "NDEATH")
BASIC = range(1, 16)  # datatypes of single values
NOW_MS = range(1_700_000_000_000, 4_000_000_000_000)


class Verdict(NamedTuple):
    seen: int
    wrong: list[str]


Check = Callable[[Recording], Verdict]


def over(
    find: Callable[[Recording], Iterable[tuple[str, bool]]],
) -> Check:
    """A check of (what it is, whether it is as it must be)."""

    def check(recording: Recording) -> Verdict:
        looked = list(find(recording))
        return Verdict(len(looked), [what for what, is_right in looked if not is_right])

    return check


# messages


def messages(recording: Recording, *kinds: str) -> Iterator[tuple[Session, Said]]:
    for session in recording.sessions:
        for message in session.of(*kinds):
            yield session, message


def each(kinds: Iterable[str], is_right: Callable[[Said], bool]) -> Check:
    kinds = tuple(kinds)
    return over(lambda r: ((m.topic, is_right(m)) for _, m in messages(r, *kinds)))


def sent_as(*kinds: str, qos: int | None = None, is_retained: bool | None = None) -> Check:
    def is_right(message: Said) -> bool:
        return qos in (None, message.qos) and is_retained in (None, message.is_retained)

    return each(kinds, is_right)


def topic_of(kind: str) -> Check:
    device = r"/[^+/#]+" if kind[0] == "D" else ""
    form = re.compile(rf"spBv1\.0/{GROUP}/{kind}/{NODE_ID}{device}")
    return each([kind], lambda m: form.fullmatch(m.topic) is not None)


def is_payload(message: Said) -> bool:
    try:
        return Payload.FromString(message.raw).ByteSize() > 0
    except DecodeError:
        return False


def has_time(message: Said) -> bool:
    return message.payload.HasField("timestamp") and message.payload.timestamp in NOW_MS


def has_seq(message: Said) -> bool:
    return message.payload.HasField("seq") and message.payload.seq in range(256)


def in_sequence(*kinds: str) -> Check:
    """`seq` of each message of `kinds` is one more than that of the one before, modulo 256."""

    def find(recording: Recording) -> Iterator[tuple[str, bool]]:
        for session in recording.sessions:
            before: int | None = None
            for message in session.of(*EDGE[:-1]):
                seq = message.payload.seq
                if message.kind in kinds and before is not None:
                    yield f"{message.topic} seq {seq} after {before}", seq == (before + 1) % 256
                before = seq

    return over(find)


def born_before(*kinds: str) -> Check:
    """All births of a birth sequence come before anything of `kinds`; a device that died is born
    anew before it speaks."""

    def find(recording: Recording) -> Iterator[tuple[str, bool]]:
        for session in recording.sessions:
            born: set[str] = set()
            for message in session.said:
                name = "/".join(message.levels[3:])
                if message.kind == "NBIRTH":
                    born = {name}
                elif message.kind == "DBIRTH":
                    born.add(name)
                elif message.kind == "DDEATH":
                    born.discard(name)
                if message.kind in kinds:
                    yield message.topic, name in born and NODE_ID in born

    return over(find)


def births_stand_together(recording: Recording) -> Verdict:
    """A DBIRTH follows a birth; or the death of that very device in this session."""
    looked: list[tuple[str, bool]] = []
    for session in recording.sessions:
        before, dead = "", set[str]()
        for message in session.of(*EDGE):
            if message.kind == "DBIRTH":
                is_right = before in BIRTHS or message.levels[4] in dead
                looked.append((message.topic, is_right))
            elif message.kind == "DDEATH":
                dead.add(message.levels[4])
            before = message.kind
    return Verdict(len(looked), [what for what, is_right in looked if not is_right])


@over
def nothing_before_birth(recording: Recording) -> Iterator[tuple[str, bool]]:
    """[principles-birth-certificates-order]; a farewell of who never was born is none."""
    for session in recording.sessions:
        first = next(iter(session.said), None)
        if first is not None:
            is_only_death = [m.kind for m in session.said] == ["NDEATH"]
            yield first.topic, first.kind == "NBIRTH" or is_only_death


@over
def node_born_in_session(recording: Recording) -> Iterator[tuple[str, bool]]:
    for session in recording.sessions:
        kinds = [m.kind for m in session.said]
        for place, kind in enumerate(kinds):
            if kind == "DBIRTH":
                yield session.broker, "NBIRTH" in kinds[:place]


# metrics


def metrics(recording: Recording, *kinds: str) -> Iterator[tuple[Said, Metric]]:
    for _, message in messages(recording, *kinds):
        for metric in message.payload.metrics:
            yield message, metric


def each_metric(
    kinds: Iterable[str],
    is_right: Callable[[Metric], bool],
    which: Callable[[Metric], bool] = lambda _metric: True,
) -> Check:
    kinds = tuple(kinds)

    def find(recording: Recording) -> Iterator[tuple[str, bool]]:
        for message, metric in metrics(recording, *kinds):
            if which(metric):
                yield f"{message.topic} {metric.name or metric.alias}", is_right(metric)

    return over(find)


def each_property(is_right: Callable[[Metric], bool], *kinds: str) -> Check:
    return each_metric(kinds or EDGE, is_right, lambda m: m.HasField("properties"))


def has_value(metric: Metric) -> bool:
    """A value, or `is_null` and none."""
    return metric.is_null is (metric.WhichOneof("value") is None)


def one_metric(name: str, is_right: Callable[[Metric], bool]) -> Check:
    """Each NBIRTH has exactly one metric of that name, and it is right."""

    def look(message: Said) -> bool:
        found = [m for m in message.payload.metrics if m.name == name]
        return len(found) == 1 and is_right(found[0])

    return each(["NBIRTH"], look)


def is_rebirth(metric: Metric) -> bool:
    return metric.datatype == codec.Datatype.BOOLEAN and has_value(metric) and not metric.is_null


@over
def births_carry_bdseq_of_the_will(recording: Recording) -> Iterator[tuple[str, bool]]:
    for session, message in messages(recording, "NBIRTH"):
        assert session.will is not None
        named = codec.bdseq_of(session.will.payload)
        yield message.topic, named is not None and codec.bdseq_of(message.payload) == named


@over
def aliases_are_unique(recording: Recording) -> Iterator[tuple[str, bool]]:
    """One alias, one metric, in all births of the node, and the other way round."""
    for session in recording.sessions:
        names: dict[int, str] = {}
        for message in session.of(*BIRTHS):
            prefix = "/".join(message.levels[4:])
            for metric in message.payload.metrics:
                if metric.HasField("alias"):
                    name = f"{prefix}/{metric.name}"
                    yield name, names.setdefault(metric.alias, name) == name


@over
def names_differ_by_more_than_case(recording: Recording) -> Iterator[tuple[str, bool]]:
    for _, message in messages(recording, *BIRTHS):
        names = [m.name.lower() for m in message.payload.metrics]
        yield message.topic, len(names) == len(set(names))


@over
def what_changed_is_sent(recording: Recording) -> Iterator[tuple[str, bool]]:
    """Every value that the devices gave is in a DATA message."""
    sent = {codec.value_of(metric) for _, metric in metrics(recording, *DATA)}
    for reading in recording.put:
        yield f"{reading.device}/{reading.metric} {reading.value}", reading.value in sent


@over
def data_names_what_was_born(recording: Recording) -> Iterator[tuple[str, bool]]:
    """Alias alone where the birth gave one, else the name alone."""
    for session in recording.sessions:
        aliased: dict[int, str] = {}
        for message in session.said:
            for metric in message.payload.metrics:
                if message.kind in BIRTHS and metric.HasField("alias"):
                    aliased[metric.alias] = metric.name
                elif message.kind in DATA and metric.HasField("alias"):
                    yield str(metric.alias), metric.alias in aliased and not metric.name
                elif message.kind in DATA:
                    yield metric.name, bool(metric.name) and metric.name not in aliased.values()


# what an edge node need not have


def never(is_there: Callable[[Metric], bool]) -> Check:
    """We send none, so nothing about it can be wrong."""
    return each_metric(EDGE, lambda metric: not is_there(metric))


def is_template(metric: Metric) -> bool:
    return metric.datatype == 19 or metric.WhichOneof("value") == "template_value"


def is_dataset(metric: Metric) -> bool:
    return metric.datatype == 16 or metric.WhichOneof("value") == "dataset_value"
