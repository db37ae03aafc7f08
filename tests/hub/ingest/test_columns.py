"""Numpy reads exactly what protobuf reads, or leaves it alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ingest.columns import Columns, find_metrics, read_plain, split
from protocols.errors import FrameError
from protocols.reading import Quality
from protocols.sparkplug import codec
from protocols.sparkplug.codec import Datatype, Sample
from protocols.sparkplug.sparkplug_b_pb2 import Metric, Payload


def columns_of(*payloads: bytes) -> Columns:
    metrics, errors = find_metrics(payloads)
    assert errors == {}
    return read_plain(metrics)


values = st.one_of(
    st.floats(allow_nan=False), st.none(), st.text(max_size=20), st.integers(-5, 5), st.booleans()
)


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    value = draw(values)
    datatype = {str: Datatype.STRING, bool: Datatype.BOOLEAN, int: Datatype.INT32}.get(
        type(value), Datatype.DOUBLE
    )
    alias = draw(st.one_of(st.integers(0, 300), st.integers(0, 2**64 - 1)))
    time_ms = draw(st.one_of(st.integers(0, 2**64 - 1), st.integers(2**40, 2**41)))
    return Sample(alias, datatype, time_ms, value, draw(st.sampled_from(Quality)))


@given(st.lists(samples(), max_size=20), st.booleans())
def test_a_plain_value_is_what_protobuf_says(found: list[Sample], is_historical: bool) -> None:
    payload = codec.encode_values(found, is_historical=is_historical)
    columns = columns_of(codec.message(payload, time_ms=1, seq=2, body=b"x" * 16))
    assert len(columns.alias) == len(found)
    for place, sample in enumerate(found):
        if columns.is_plain[place]:
            assert sample.quality is Quality.GOOD
            assert columns.alias[place] == sample.alias
            assert columns.t_ms[place] == sample.time_ms
            assert columns.value[place] == sample.value
            assert columns.historical[place] == is_historical


@pytest.mark.parametrize("alias", [1, 127, 128, 16383, 16384, 2**21 - 1])
@pytest.mark.parametrize("is_historical", [False, True])
def test_the_usual_value_is_plain(alias: int, is_historical: bool) -> None:
    sample = Sample(alias, Datatype.DOUBLE, 1_790_000_000_000, 20.5)
    columns = columns_of(codec.encode_values([sample], is_historical=is_historical))
    assert columns.is_plain.all()
    assert columns.alias[0] == alias


@given(st.binary(max_size=40))
def test_bytes_that_look_like_a_value_are_one(noise: bytes) -> None:
    """Any metric that passes as plain reads the same by protobuf, field by field."""
    columns = columns_of(b"\x12" + bytes([len(noise)]) + noise)
    if columns.is_plain[0]:
        metric = Metric.FromString(noise)
        assert (metric.alias, metric.timestamp) == (columns.alias[0], columns.t_ms[0])
        assert metric.SerializeToString() == noise


def test_other_fields_in_any_order_are_left_to_protobuf() -> None:
    named = Metric(name="x", alias=1, timestamp=1_790_000_000_000, datatype=10, double_value=1.0)
    typeless = Metric(alias=1, timestamp=1_790_000_000_000, double_value=1.0)
    payload = Payload(metrics=[named, typeless]).SerializeToString()
    assert not columns_of(payload).is_plain.any()
    assert not columns_of().is_plain.any()


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(
                lambda found, seq: codec.message(
                    codec.encode_values(found), time_ms=2**40, seq=seq, body=b"x" * 16
                ),
                st.lists(samples(), max_size=5),
                st.integers(0, 255),
            ),
        ),
        max_size=8,
    )
)
def test_metrics_are_found_where_protobuf_finds_them(payloads: list[bytes]) -> None:
    """Noise and real messages side by side: the same metrics, the same refusals."""
    metrics, errors = find_metrics(payloads)
    for row, payload in enumerate(payloads):
        places = np.flatnonzero(metrics.row == row).tolist()
        if row in errors:
            with pytest.raises(FrameError):
                split(payload)
            assert places == []
        else:
            assert [metrics.bytes_of(place) for place in places] == split(payload)


def test_a_message_of_very_many_metrics_holds_nobody_up() -> None:
    many, one = b"\x12\x00" * 100_000, b"\x12\x00"
    metrics, errors = find_metrics([one, many, one])
    assert errors == {}
    assert np.bincount(metrics.row).tolist() == [1, 100_000, 1]


def test_what_is_no_payload_is_a_frame_error() -> None:
    with pytest.raises(FrameError, match="3 bytes"):
        split(b"\xff\xff\xff")
