"""docs/security tells every key and secret there is (ASVS 11.1, SEC-16)."""

import re
import tomllib
from pathlib import Path

from pydantic import SecretStr

from hub.security.vault import vault
from hub.settings import HubSettings

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "security"


def test_every_key_purpose_is_in_the_inventory() -> None:
    text = (DOCS / "keys.md").read_text("utf-8")
    for purpose in (vault.FIELDS, vault.AUDIT, vault.SUBJECT, f"{vault.INDEX}:<table>.<column>"):
        assert f"`{purpose}`" in text, purpose
    code = "".join(p.read_text("utf-8") for p in (ROOT / "hub").rglob("*.py"))
    for purpose in re.findall(r'Use\([^)]*?"([a-z-]+)"', code):
        assert f"`{purpose}`" in text, purpose


def test_every_secret_setting_is_in_the_inventory() -> None:
    text = (DOCS / "keys.md").read_text("utf-8")
    for name, field in HubSettings.model_fields.items():
        if field.annotation is SecretStr or name.endswith("key_file"):
            assert f"HUB_{name.upper()}" in text, name


def test_the_threats_name_tests_that_exist() -> None:
    text = (DOCS / "threats.md").read_text("utf-8")
    present = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    named = set(re.findall(r"`(test_\w+\.py)`", text))
    assert len(named) > 8
    assert named <= present, named - present


def test_every_dependency_is_pinned() -> None:
    """SEC-16: what is installed is what was looked at."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(one for extra in extras for one in extra)]
    names = {re.split(r"[\[><=, ]", one)[0].lower().replace("_", "-") for one in wanted}
    assert names - pinned == set()
