"""The journal's texts and bytes (EDG-08, EDG-12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import FrameError
from protocols.sparkplug import codec, journal
from protocols.sparkplug.codec import Datatype, Declaration
from protocols.sparkplug.journal import BatchId, OpenEpoch

epochs = st.integers(0, journal.MAX_EPOCH)
ids = st.integers(0, 10**15)
opens = st.lists(
    st.builds(
        lambda epoch, first, kept: OpenEpoch(epoch, first, first + kept - 1),
        epochs,
        st.integers(1, 10**12),
        st.integers(0, 10**6),
    )
)


@given(epochs, ids)
def test_the_body_is_sixteen_bytes_big_endian(epoch: int, number: int) -> None:
    body = journal.encode_body(BatchId(epoch, number))
    assert body == epoch.to_bytes(8, "big") + number.to_bytes(8, "big")
    payload = codec.parse(codec.message(b"", time_ms=1, seq=0, body=body))
    assert journal.decode_body(payload) == BatchId(epoch, number)


@pytest.mark.parametrize("body", [None, b"", b"x" * 15, b"x" * 17])
def test_a_foreign_body_is_no_batch_number(body: bytes | None) -> None:
    payload = codec.parse(codec.message(b"", time_ms=1, seq=0, body=body))
    assert journal.decode_body(payload) is None


@given(opens)
def test_the_announcement_comes_back(found: list[OpenEpoch]) -> None:
    payload = codec.parse(codec.message(journal.open_metric(found, time_ms=1), time_ms=1, seq=0))
    assert journal.announced(payload) == found


@given(st.lists(st.builds(BatchId, epochs, ids), max_size=5))
def test_acknowledgements_come_back_from_one_command(batches: list[BatchId]) -> None:
    payload = codec.parse(journal.ack_command(batches, time_ms=1))
    assert journal.acknowledged(payload) == batches
    assert payload.timestamp == 1
    assert not payload.HasField("seq")


def test_a_message_without_announcement_says_none() -> None:
    birth = codec.birth([Declaration(journal.OPEN, Datatype.STRING)], time_ms=1, seq=0)
    assert journal.announced(codec.parse(birth)) is None
    assert journal.announced(codec.parse(b"")) is None


@pytest.mark.parametrize(
    "text",
    ["x", "1:1:1", f"{1:016x}:0:1", f"{1:016x}:5:3", f"{1:016x}:1:1,", f"{1:016x}:1:{'9' * 20}"],
)
def test_a_wrong_announcement_is_refused(text: str) -> None:
    with pytest.raises(FrameError, match="Journal/Open"):
        journal.parse_open(text)


@pytest.mark.parametrize("text", ["", "1:1", f"{1:016x}:-1", f"{1:016x}:1:1", f"{1:016x}:١"])
def test_a_wrong_acknowledgement_is_refused(text: str) -> None:
    with pytest.raises(FrameError, match="Journal Ack"):
        journal.parse_ack(text)
