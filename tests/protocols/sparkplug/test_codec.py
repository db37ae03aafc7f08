"""Sparkplug payloads and topics; test names end with the assertion ids they prove."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import FrameError
from protocols.reading import Quality
from protocols.sparkplug import codec
from protocols.sparkplug.codec import Datatype, Declaration, Sample
from protocols.sparkplug.sparkplug_b_pb2 import Payload
from protocols.sparkplug.topics import EdgeNode, MessageType, Topic, check_id, parse_topic

NOW_MS = 1_760_000_000_000

samples = st.lists(
    st.builds(
        Sample,
        alias=st.integers(0, 2**31),
        datatype=st.just(Datatype.DOUBLE),
        time_ms=st.integers(0, 2**42),
        value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        quality=st.sampled_from(Quality),
    )
    | st.builds(
        Sample,
        alias=st.integers(0, 2**31),
        datatype=st.just(Datatype.STRING),
        time_ms=st.integers(0, 2**42),
        value=st.text(),
    ),
    max_size=30,
)


@given(samples, st.booleans())
def test_a_batch_comes_back_as_it_was_sent(sent: list[Sample], is_historical: bool) -> None:
    data = codec.encode_values(sent, is_historical=is_historical)
    payload = codec.parse(codec.message(data, time_ms=NOW_MS, seq=7, body=b"x" * 16))
    assert (payload.timestamp, payload.seq, payload.body) == (NOW_MS, 7, b"x" * 16)
    got = [
        Sample(m.alias, Datatype(m.datatype), m.timestamp, codec.value_of(m), codec.quality_of(m))
        for m in payload.metrics
    ]
    assert got == sent
    assert all(m.is_historical == is_historical for m in payload.metrics)


@given(samples)
def test_a_batch_sent_again_differs_in_nothing_but_the_historical_mark(sent: list[Sample]) -> None:
    again = codec.as_historical(codec.encode_values(sent))
    assert again == codec.encode_values(sent, is_historical=True)


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (Datatype.INT8, -1),
        (Datatype.INT16, -32768),
        (Datatype.INT32, -2_000_000_000),
        (Datatype.INT64, -(2**63)),
        (Datatype.UINT32, 2**32 - 1),
        (Datatype.UINT64, 2**64 - 1),
        (Datatype.FLOAT, 1.5),
        (Datatype.BOOLEAN, False),
        (Datatype.DATETIME, NOW_MS),
        (Datatype.TEXT, "门"),
        (Datatype.DOUBLE, None),
    ],
)
def test_every_type_of_a_foreign_node_is_understood(datatype: Datatype, value: codec.Value) -> None:
    metric = codec.parse(codec.named("x", datatype, value, NOW_MS)).metrics[0]
    assert codec.value_of(metric) == value


def test_birth_carries_name_alias_type_and_value() -> None:
    """payloads-alias-birth-requirement, payloads-metric-datatype-req, payloads-name-requirement"""
    cold = Declaration("cabinet-1/air_temperature_c", Datatype.DOUBLE, 4.5, NOW_MS - 10, alias=3)
    never = Declaration("till-1/ticket", Datatype.STRING, alias=4, quality=Quality.STALE)
    payload = codec.parse(codec.birth([cold, never], time_ms=NOW_MS, seq=0))
    assert (payload.seq, payload.HasField("seq")) == (0, True)
    first, second = payload.metrics
    assert (first.name, first.alias, first.datatype) == ("cabinet-1/air_temperature_c", 3, 10)
    assert (first.double_value, first.timestamp) == (4.5, NOW_MS - 10)
    assert (second.is_null, codec.quality_of(second)) == (True, Quality.STALE)


def test_death_has_bdseq_and_no_seq() -> None:
    """payloads-ndeath-seq, payloads-ndeath-bdseq"""
    payload = codec.parse(codec.death(time_ms=NOW_MS, bdseq=255))
    assert not payload.HasField("seq")
    assert codec.bdseq_of(payload) == 255


def test_commands_have_no_seq_and_name_their_metric() -> None:
    """payloads-ncmd-seq, operational-behavior-data-commands-ncmd-rebirth-name"""
    payload = codec.parse(codec.rebirth_command(time_ms=NOW_MS))
    assert not payload.HasField("seq")
    assert list(codec.commands(payload)) == [("Node Control/Rebirth", True)]


def test_quality_is_an_int32_property_and_good_is_left_out() -> None:
    """payloads-propertyset-quality-value-type, payloads-propertyset-quality-value-value"""
    bad = Sample(1, Datatype.DOUBLE, NOW_MS, None, Quality.BAD)
    good = Sample(2, Datatype.DOUBLE, NOW_MS, 1.0)
    first, second = codec.parse(codec.encode_values([bad, good])).metrics
    assert (first.properties.values[0].type, first.properties.values[0].int_value) == (3, 0)
    assert not second.HasField("properties")


def test_a_quality_that_nobody_knows_is_bad() -> None:
    metric = codec.parse(codec.encode_values([Sample(1, Datatype.DOUBLE, 1, 2.0)])).metrics[0]
    metric.properties.keys.append("Quality")
    metric.properties.values.add(type=3, int_value=77)
    assert codec.quality_of(metric) is Quality.BAD


def test_aggregates_and_bytes_are_no_single_value() -> None:
    payload = Payload()
    payload.metrics.add(name="t", datatype=16).dataset_value.num_of_columns = 1
    payload.metrics.add(name="b", datatype=17, bytes_value=b"x")
    assert [codec.value_of(m) for m in payload.metrics] == [None, None]


@pytest.mark.parametrize("garbage", [b"\xff\xff", b"{}", b"\x12\x04\x0a\x02\xff\xfe"])
def test_garbage_is_refused_with_its_size(garbage: bytes) -> None:
    with pytest.raises(FrameError, match=f"{len(garbage)} bytes"):
        codec.parse(garbage)


def test_bytes_are_those_of_the_standard() -> None:
    """Computed by hand from the field numbers: timestamp 1, metrics 2, seq 3, body 5."""
    sample = Sample(5, Datatype.DOUBLE, 1, 1.0)
    data = codec.message(codec.encode_values([sample]), time_ms=2, seq=3, body=b"\x01")
    assert data.hex() == "080218032a0101120f10051801200a69000000000000f03f"


def test_documents_are_text_and_the_rest_is_double() -> None:
    assert codec.datatype_of("ticket") is Datatype.STRING
    assert codec.datatype_of("door_open") is Datatype.DOUBLE
    assert math.isfinite(codec.datatype_of("nobody_knows_me"))


# topics


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("spBv1.0/c-1/NDATA/store-1", Topic("c-1", MessageType.NDATA, "store-1")),
        ("spBv1.0/c-1/DBIRTH/s/d", Topic("c-1", MessageType.DBIRTH, "s", "d")),
    ],
)
def test_topics_come_back(text: str, topic: Topic) -> None:
    assert parse_topic(text) == topic
    assert str(topic) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spAv1.0/g/NDATA/n",
        "spBv1.0/g/NDATA",
        "spBv1.0//NDATA/n",
        "spBv1.0/g/NDATA/n/d",
        "spBv1.0/g/DDATA/n",
        "spBv1.0/g/XDATA/n",
        "spBv1.0/STATE/storevitals",
        "spBv1.0/g/NDATA/n/d/e",
    ],
)
def test_foreign_topics_are_refused(text: str) -> None:
    with pytest.raises(FrameError):
        parse_topic(text)


def test_a_node_knows_its_topics() -> None:
    node = EdgeNode("chain-0", "store-1")
    assert node.topic(MessageType.NBIRTH) == "spBv1.0/chain-0/NBIRTH/store-1"
    assert node.topic(MessageType.DDATA, "till-1") == "spBv1.0/chain-0/DDATA/store-1/till-1"


@pytest.mark.parametrize("text", ["", "a/b", "+", "a#"])
def test_ids_without_wildcards(text: str) -> None:
    """intro-group-id-chars, intro-edge-node-id-chars, intro-device-id-chars"""
    with pytest.raises(FrameError):
        check_id(text)
