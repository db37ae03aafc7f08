"""STATE of a Sparkplug host application."""

import pytest

from protocols.errors import FrameError
from protocols.sparkplug.state import HostState, encode_state, parse_state, state_topic


@pytest.mark.parametrize("is_online", [True, False])
def test_a_state_comes_back(is_online: bool) -> None:
    state = HostState(is_online, 1_790_000_000_000)
    assert parse_state(encode_state(state)) == state
    assert state_topic("scada") == "spBv1.0/STATE/scada"


@pytest.mark.parametrize(
    "payload",
    [b"", b"ONLINE", b"[]", b'{"online": 1, "timestamp": 2}', b'{"online": true}', b"\xff"],
)
def test_what_is_no_state_is_refused(payload: bytes) -> None:
    with pytest.raises(FrameError, match="no STATE"):
        parse_state(payload)
