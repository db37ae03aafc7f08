"""The command line: what it says before anything is loaded, and of each command."""

import sys
from subprocess import run

import pytest

from hub.cli import COMMANDS, main


def test_what_is_wrong_in_the_environment_is_said_before_the_hub_is_loaded() -> None:
    """First light, bad input: the key, and the nearest one there is."""
    code = (
        "import sys; from hub.cli import main; code = main(['serve']); "
        "sys.exit(code + 10 * ('hub.app' in sys.modules))"
    )
    environment = {"HUB_PROT": "3", "PATH": "/usr/bin:/bin"}
    done = run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stderr == "environment: unknown variable HUB_PROT. Did you mean 'HUB_PORT'?\n"
    assert done.returncode == 1


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_tells_its_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert f"storevitals-hub {name}" in said
    assert ("--config" in said) is COMMANDS[name].has_settings


def test_a_word_that_is_no_command_is_answered_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["serv"])
    assert "verify-audit" in capsys.readouterr().err
