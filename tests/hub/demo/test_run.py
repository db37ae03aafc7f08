"""Where a demo may live: it empties no folder but its own (contract: demo)."""

import asyncio
from pathlib import Path

import pytest

from hub.cli import main
from hub.demo.processes import DemoError
from hub.demo.run import own_folder


def run(*options: str) -> int:
    return main(["demo", *options])


def test_a_folder_with_other_peoples_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(DemoError, match="files that are not the demo's"), own_folder(tmp_path):
        pass
    assert (tmp_path / "thesis.txt").exists()


def test_what_an_earlier_demo_left_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / ".demo"
    with own_folder(folder):
        (folder / "hub").mkdir()
        (folder / "demo.json").write_text("{}")
    with own_folder(folder):
        assert [path.suffix for path in folder.iterdir()] == [".lock"]


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / ".demo"
    with (
        own_folder(folder),
        pytest.raises(DemoError, match="A demo is running in"),
        own_folder(folder),
    ):
        pass


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--stores", "0"], "--stores is 0: give 1 to 50."),
        (["--days", "0"], "--days is 0: give more than 0, at most 100."),
        (["--port", "70000"], "--port is 70000: give 1 to 65535."),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*options) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.integration
def test_a_port_in_use_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def start() -> asyncio.Server:
        return await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(start())
    port = server.sockets[0].getsockname()[1]
    try:
        assert run("--port", str(port), "--data-dir", str(tmp_path / "demo")) == 1
    finally:
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()
    assert f"Port {port} on 127.0.0.1 is in use" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
