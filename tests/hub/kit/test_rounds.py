"""Work beside the requests goes on, whatever becomes of one time (OPS-01)."""

import asyncio

import pytest

from hub.errors import BusyError, T
from hub.kit.rounds import every


def test_what_fails_once_is_done_the_next_time(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    turns: list[int] = []

    def work() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            raise BusyError(T("忙", "The hub is busy."))
        if len(turns) == 3:
            loop.call_soon_threadsafe(done.set)

    async def scenario() -> None:
        task = asyncio.create_task(every(0.001, work, "seal the audit"))
        await asyncio.wait_for(done.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        runner.run(scenario())
    assert [record.message for record in caplog.records] == [
        "The hub could not seal the audit; trying again in 0.001 s."
    ]
