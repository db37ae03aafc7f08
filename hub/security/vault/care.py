"""Keys that look after themselves: replaced at their age, and rotations that were cut short."""

import logging
from datetime import timedelta

from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.rounds import every
from hub.security.vault.keys import KeyState, KeyStore
from hub.security.vault.rotation import Rotation, Tally
from hub.security.vault.vault import FIELDS

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3600.0


class KeyCare:
    """Looks once an hour, first at the start."""

    def __init__(self, keys: KeyStore, rotation: Rotation, life: timedelta) -> None:
        self._keys, self._rotation, self._life = keys, rotation, life

    async def run(self) -> None:
        """Until cancelled."""
        await every(LOOK_EVERY_S, self._turn, "replace old keys")

    def _turn(self) -> None:
        tally = self.look()
        if tally.keys_destroyed:
            log.info("Sealed %d values by new keys.", tally.sealed_anew)

    def look(self) -> Tally:
        """Replace what is due, and finish whatever is begun."""
        for key in self._keys.listed(KeyState.ACTIVE):
            if key.use.purpose == FIELDS and utc_now() - key.created_at >= self._life:
                self._rotation.begin(key.use.chain_id)
        return self._rotation.finish(_quiet, Asker.hub("keys"))


def _quiet(_tally: Tally) -> None:
    return None
