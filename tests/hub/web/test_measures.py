"""What Prometheus is told, and that the dashboards ask for nothing else (SEC-26, OPS-01)."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from hub.ingest.journal import Journal
from hub.ingest.series import SeriesConsumer
from hub.ingest.service import Ingest
from hub.live import Live
from hub.web.measures import Measures
from protocols.mqtt.options import MqttOptions
from tests.hub.timeseries.engine_servers import Victoria, running_victoria
from tests.hub.web.world_under_test import World, open_world
from tests.servers import HOST

GRAFANA = Path(__file__).parents[3] / "dashboards" / "grafana"
VARIABLE = re.compile(r'\{job=~"\$job"\}')
OWN = re.compile(r"\b(?:storevitals|hub|process)_[a-z0-9_]+\b")
OF_THE_PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
ONCE_ONE_IS_THROUGH = {"storevitals_canary_seconds"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A hub with an ingest that has not begun."""
    folder = tmp_path_factory.mktemp("measures")
    with open_world(folder) as made:
        services = made.services
        ingest = Ingest(
            MqttOptions("mqtt://127.0.0.1:1", "storevitals-hub"),
            Journal(folder / "journal.sqlite"),
            services.db,
            services.registry,
            consumers=(SeriesConsumer(services.timeseries),),
            live=Live(),
        )
        yield replace(made, services=replace(services, numbers=ingest.metrics))


@pytest.fixture(scope="module")
def names(world: World) -> set[str]:
    world.as_("chief").get("/stores")
    text = world.as_("auditor").get("/api/v1/metrics").text
    return {
        sample.name for family in text_string_to_metric_families(text) for sample in family.samples
    }


def asked() -> list[str]:
    """Every expression of the dashboard and of the alert rules."""
    board = json.loads((GRAFANA / "hub.json").read_text("utf-8"))
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    rules = (GRAFANA / "alerts.yaml").read_text("utf-8")
    return found + [line.strip("'") for line in re.findall(r"^\s+expr: (.+)$", rules, re.M)]


def test_the_dashboards_ask_only_for_what_is_told(names: set[str]) -> None:
    wanted = {name for expression in asked() for name in OWN.findall(expression)}
    patterns = {name for name in wanted if name.endswith("_")}  # of a match by pattern
    missing = wanted - patterns - names - OF_THE_PROCESS - ONCE_ONE_IS_THROUGH
    others = {"storevitals_lag_events_rows", "storevitals_lag_live_rows"}  # one consumer runs here
    assert missing - others == {"storevitals_backup_age_seconds"}  # until the first backup
    assert len(wanted) > 15
    for pattern in patterns:
        assert any(name.startswith(pattern) for name in names), pattern


def test_a_real_engine_understands_every_expression(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running_victoria(tmp_path_factory.mktemp("vm") / "data") as victoria:
        for expression in asked():
            answer = ask(victoria, VARIABLE.sub('{job=~"storevitals"}', expression))
            assert answer["status"] == "success", expression


def ask(victoria: Victoria, expression: str) -> dict[str, object]:
    query = urllib.parse.urlencode({"query": expression.replace("$job", "storevitals")})
    url = f"http://{HOST}:{victoria.port}/api/v1/query?{query}"
    with urllib.request.urlopen(url, timeout=20) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def test_requests_are_told_by_route(world: World) -> None:
    """No address of a record or a store stands in a label."""
    store = world.mine.id
    assert world.as_("chief").get(f"/api/v1/stores/{store}").status_code == 200
    assert world.browser().get("/no/such/page").status_code == 404
    text = world.as_("auditor").get("/api/v1/metrics").text
    route = 'method="GET",route="/api/v1/stores/{id}",status="200"'
    assert f"storevitals_request_seconds_count{{{route}}}" in text
    assert str(store) not in text
    assert 'route="other",status="404"' in text


def test_a_part_that_cannot_be_asked_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_reason: str) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(world.services.db, "system_read", broken)
    own = CollectorRegistry()
    own.register(Measures(world.services))
    told = {m.name: m.samples for m in own.collect()}
    assert told["storevitals_alerts_open"] == []
    assert len(told["storevitals_disk_free_ratio"]) == 1
