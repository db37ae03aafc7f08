"""A primary host: the agent speaks only while it is online (Sparkplug 3.0, chapter 5); pure."""

import logging
from dataclasses import dataclass, field

from protocols.errors import FrameError
from protocols.sparkplug.state import parse_state, state_topic

log = logging.getLogger(__name__)

PATIENCE_S = 10.0  # without a host at this broker before the next one of several is tried


@dataclass(slots=True)
class PrimaryHost:
    """What its STATE messages say. An older one than the last that counted changes nothing: it is
    the will of a connection that the host has replaced long ago."""

    host_id: str
    is_online: bool = field(default=False, init=False)
    _heard_ms: int | None = field(default=None, init=False)

    @property
    def topic(self) -> str:
        return state_topic(self.host_id)

    def forget(self) -> None:
        """A new connection: the broker has to say anew who is there."""
        self.is_online = False

    def hear(self, payload: bytes) -> bool:
        """True where the message counts [message-flow-edge-node-birth-publish-phid-wait-timestamp,
        operational-behavior-edge-node-termination-host-offline-timestamp]."""
        try:
            state = parse_state(payload)
        except FrameError as error:
            log.warning("The state of host %s was not understood: %s", self.host_id, error)
            return False
        if self._heard_ms is not None and state.time_ms < self._heard_ms:
            return False
        self._heard_ms, self.is_online = state.time_ms, state.is_online
        return True
