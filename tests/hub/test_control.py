"""The running hub's socket for commands on the same machine."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub import control
from hub.errors import BusyError


def run(data_dir: Path, what: str) -> control.Answer | None:
    """Ask a socket that lives as long as the question."""

    def double(request: Mapping[str, Any]) -> control.Answer:
        return {"twice": request["n"] * 2}

    async def scene() -> control.Answer | None:
        server = asyncio.create_task(control.listen(data_dir, {"double": double}))
        while not (data_dir / control.NAME).exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert (data_dir / control.NAME).stat().st_mode & 0o077 == 0
        try:
            return await asyncio.to_thread(control.ask, data_dir, what, 10.0, n=21)
        finally:
            server.cancel()
            await asyncio.wait([server])

    return asyncio.run(scene())


@pytest.mark.parametrize("folder", ["short", "long-" * 30])
def test_a_question_is_answered_wherever_the_directory_lies(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    assert run(tmp_path / folder, "double") == {"twice": 42}
    assert not (tmp_path / folder / control.NAME).exists()


def test_an_error_comes_back_as_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BusyError, match="The hub says: KeyError"):
        run(tmp_path, "nothing")


def test_where_no_hub_runs_there_is_no_answer(tmp_path: Path) -> None:
    assert control.ask(tmp_path, "double", 1.0) is None
