"""The page by which phones and PCs come to trust the hub: open to all, one fingerprint (SEC-01)."""

import plistlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from starlette.testclient import TestClient

from hub.ingest.enrolment import Enrolment
from hub.security.pki import Authority, grouped
from hub.web.application import create_app
from hub.web.services import Services
from tests.hub.web.world_under_test import open_world

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)"
HUAWEI = "Mozilla/5.0 (Linux; Android 12; HarmonyOS; HUAWEI NOH-AN00)"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with open_world(tmp_path_factory.mktemp("hub")) as world:
        yield world.services


@pytest.fixture(scope="module")
def visitor(authority: Authority, services: Services) -> TestClient:
    words = (services.db, services.registry, services.sign_in.passwords)
    enrolment = Enrolment(*words, authority, "mqtts://hub.lan:8883")
    return TestClient(create_app(replace(services, enrolment=enrolment)))


@pytest.mark.parametrize(
    ("browser", "first"), [(IPHONE, "iPhone, iPad"), (HUAWEI, "Huawei"), ("", "Windows")]
)
def test_the_visitors_own_system_stands_first(
    visitor: TestClient, authority: Authority, browser: str, first: str
) -> None:
    page = visitor.get("/ca?lang=en", headers={"User-Agent": browser})
    assert page.status_code == 200
    assert page.text.partition("<summary>")[2].startswith(first)
    assert grouped(authority.fingerprint) in page.text


def test_every_system_gets_the_root_and_nothing_else(
    visitor: TestClient, authority: Authority
) -> None:
    file = visitor.get("/ca/storevitals-root.crt")
    assert file.headers["content-type"] == "application/x-x509-ca-cert"
    got = x509.load_der_x509_certificate(file.content)
    assert got.fingerprint(hashes.SHA256()).hex().upper() == authority.fingerprint
    answer = visitor.get("/ca/storevitals.mobileconfig")
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    (payload,) = plistlib.loads(answer.content)["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.security.root"
    assert payload["PayloadContent"] == file.content
    assert b"PRIVATE KEY" not in answer.content


def test_a_hub_without_an_authority_says_so(services: Services) -> None:
    assert TestClient(create_app(services)).get("/ca").status_code == 404
