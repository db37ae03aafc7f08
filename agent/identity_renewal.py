"""Renews the agent's certificate in time: looks once an hour, asks the hub in a process of its own.

Cryptography stays out of the agent's own memory that way; a certificate is renewed every 60 days.
"""

import asyncio
import json
import logging
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3600.0
LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Renewal:
    """`run` it as a task; without an identity in `folder` it has nothing to do."""

    folder: Path
    every_s: float = LOOK_EVERY_S

    def is_due(self, now: datetime) -> bool:
        try:
            kept = json.loads((self.folder / "identity.json").read_text("utf-8"))
            return now >= datetime.fromisoformat(kept["renew_at"])
        except (OSError, ValueError, KeyError):
            return False

    async def run(self) -> None:
        while True:
            if self.is_due(datetime.now(UTC)):
                await self._renew()
            await asyncio.sleep(self.every_s * random.uniform(0.8, 1.2))

    async def _renew(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.identity_renewal", str(self.folder)
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            log.warning("The hub did not renew the certificate within %g s.", LIMIT_S)


def main(folder: Path) -> int:
    from agent.identity import IdentityError, renew  # noqa: PLC0415 not in the agent's memory

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        renewed = renew(folder)
    except (IdentityError, OSError, ValueError) as error:
        log.error("The certificate was not renewed: %s", error)
        return 1
    if renewed is None:
        log.warning("The certificate has ended: approve this agent in the hub.")
        return 1
    log.info("The certificate was renewed and holds until %s.", renewed.ends_at.date())
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
