"""The agent against all 164 assertions of Sparkplug 3.0 for an edge node, in both layouts (EDG-08).

`pytest tests/integration/sparkplug -v` names the classes of the official kit; a failure names each
assertion and the messages that are wrong.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.settings import Layout
from protocols.sparkplug.sparkplug_b_pb2 import Payload
from tests.integration.sparkplug.assertions import CLASSES, DEVIATION
from tests.integration.sparkplug.recorder import Said
from tests.integration.sparkplug.scenario import Recording, record

pytestmark = pytest.mark.integration

COUNTS = {
    "MultipleBrokerTest": 4,
    "PrimaryHostTest": 8,
    "ReceiveCommandTest": 4,
    "SendComplexDataTest": 38,
    "SendDataTest": 30,
    "SessionEstablishmentTest": 71,
    "SessionTerminationTest": 15,
}


@pytest.fixture(scope="module", params=list(Layout), ids=str)
def recording(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Recording:
    layout: Layout = request.param
    return record(tmp_path_factory.mktemp("conformance"), layout)


def speaks_of(name: str) -> Layout | None:
    """The layout without which an assertion has nothing to look at."""
    if any(word in name for word in ("dbirth", "ddata", "ddeath", "device-birth")):
        return Layout.DEVICE
    return Layout.NODE if "ndata" in name else None


@pytest.mark.parametrize("kit", CLASSES)
def test_an_edge_node_keeps_the_assertions_of(kit: str, recording: Recording) -> None:
    wrong = {}
    for name, check in CLASSES[kit].items():
        verdict = check(recording)
        is_idle = speaks_of(name) not in (None, recording.layout)
        if verdict.wrong or not (verdict.seen or is_idle):
            wrong[name] = verdict.wrong[:3] or ["nothing to look at"]
    assert not wrong


def test_all_assertions_of_the_kit_are_asked() -> None:
    assert {name: len(checks) for name, checks in CLASSES.items()} == COUNTS
    names = {name for checks in CLASSES.values() for name in checks}
    assert (len(names), DEVIATION in names) == (164, True)


def test_the_recording_holds_what_it_must(recording: Recording) -> None:
    """A wrap of seq, a session that was cut, and device messages in one layout only."""
    first, cut, last = recording.plain
    assert 255 in [m.payload.seq for m in first.of("NDATA", "DDATA")]
    assert (cut.is_disconnected, last.is_disconnected) == (False, True)
    kinds = {m.kind for session in recording.sessions for m in session.said}
    of_devices = {"DBIRTH", "DDATA", "DDEATH"}
    assert kinds & of_devices == (of_devices if recording.layout == "device" else set())


def _without_seq(payload: Payload) -> None:
    payload.ClearField("seq")


def _with_a_hole(payload: Payload) -> None:
    payload.seq = (payload.seq + 1) % 256


def _without_datatype(payload: Payload) -> None:
    payload.metrics[0].ClearField("datatype")


def _without_time(payload: Payload) -> None:
    payload.metrics[0].ClearField("timestamp")


def _with_another_bdseq(payload: Payload) -> None:
    payload.metrics[0].long_value += 1


FAULTS: tuple[tuple[str, Callable[[Payload], None], str], ...] = (
    ("NBIRTH", _without_seq, "payloads-nbirth-seq"),
    ("NBIRTH", _with_another_bdseq, "topics-nbirth-bdseq-matching"),
    ("NBIRTH", _without_datatype, "payloads-metric-datatype-req"),
    ("NDATA", _with_a_hole, "topics-ndata-seq-num"),
    ("DDATA", _with_a_hole, "topics-ddata-seq-num"),
    ("NDATA", _without_time, "payloads-name-birth-data-requirement"),
    ("DDATA", _without_time, "payloads-name-birth-data-requirement"),
)


def test_spoiled_messages_are_noticed(recording: Recording) -> None:
    """The checks are worth something: each fault is found by the assertion that forbids it."""
    missed = [
        noticed
        for kind, spoil, noticed in FAULTS
        if speaks_of(kind.lower()) in (None, recording.layout)
        and noticed not in _wrong(_spoiled(recording, kind, spoil))
    ]
    assert (missed, _wrong(recording)) == ([], set())


def _spoiled(recording: Recording, kind: str, spoil: Callable[[Payload], None]) -> Recording:
    session = recording.plain[0]
    talk = list(session.talk)
    place = next(n for n, m in enumerate(talk) if isinstance(m, Said) and m.kind == kind)
    message = talk[place]
    assert isinstance(message, Said)
    payload = message.payload
    spoil(payload)
    talk[place] = replace(message, raw=payload.SerializeToString())
    return replace(recording, plain=[replace(session, talk=talk), *recording.plain[1:]])


def _wrong(recording: Recording) -> set[str]:
    return {n for checks in CLASSES.values() for n, c in checks.items() if c(recording).wrong}
