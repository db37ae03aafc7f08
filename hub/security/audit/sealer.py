"""The task that seals the audit every second, and tells its head to the log every hour."""

import logging
import time

from hub.kit.rounds import every
from hub.security.audit.chain import AuditChain
from hub.security.audit.watch import Watch

log = logging.getLogger(__name__)

SEAL_EVERY_S = 1.0
TELL_EVERY_S = 3600.0


class Sealer:
    """Seals, and lets the watch look at what was sealed."""

    def __init__(self, chain: AuditChain, watch: Watch) -> None:
        self._chain, self._watch = chain, watch
        self._told: float | None = None

    async def run(self) -> None:
        """Until cancelled."""
        await every(SEAL_EVERY_S, self.turn, "seal the audit")

    def turn(self) -> None:
        if self._chain.seal():
            self._watch.look()
        if self._told is None or time.monotonic() - self._told >= TELL_EVERY_S:
            self._told = time.monotonic()
            head = self._chain.head()
            log.info(
                "The audit's chain has %d links; its head is %s.", head.number, head.seal.hex()
            )
