"""Work that the hub does again and again beside the requests, whatever becomes of one time."""

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


async def every(pause_s: float, work: Callable[[], object], what: str) -> None:
    """Until cancelled: `work` in a thread, then a pause. What it raises ends nothing, for the next
    time may pass; the log names it by `what`, words such as "seal the audit".
    """
    while True:
        try:
            await asyncio.to_thread(work)
        except Exception:
            log.exception("The hub could not %s; trying again in %g s.", what, pause_s)
        await asyncio.sleep(pause_s)
