"""The boards of the time-series servers ask what a real server answers (OPS-04)."""

import json
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from hub.timeseries.engines import open_timeseries
from hub.timeseries.port import Points
from tests.hub.timeseries import engine_servers
from tests.hub.timeseries.engine_servers import Victoria, running_influx
from tests.servers import HOST, wait_for

pytestmark = pytest.mark.integration
GRAFANA = Path(__file__).parents[1] / "dashboards" / "grafana"
SCRAPED_S = 4.0  # a rate needs two samples


def targets(board: str, key: str) -> list[str]:
    read = json.loads((GRAFANA / board).read_text("utf-8"))
    return [target[key] for panel in read["panels"] for target in panel["targets"]]


def ask(url: str, **query: str) -> dict[str, Any]:
    address = f"{url}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 our own server
        found: dict[str, Any] = json.load(answer)
    return found


def write(url: str, folder: Path) -> None:
    """As the hub does."""
    series = open_timeseries(url, folder)
    series.write(Points.of([1], [time.time_ns() // 1_000_000], [4.2]), 1)
    series.close()


def test_victoriametrics_answers_every_question_of_its_board(tmp_path: Path) -> None:
    scraped = ("-selfScrapeInterval=1s", "-search.latencyOffset=1s")
    server = Victoria(
        tmp_path / "vm", "-dedup.minScrapeInterval=1ms", "-retentionPeriod=1y", *scraped
    )
    with server.server:
        server.wait()
        write(server.url(), tmp_path)
        url, silent = f"http://{HOST}:{server.port}/api/v1/query", set[str]()

        def all_answer() -> bool:
            silent.clear()
            for expression in targets("victoriametrics.json", "expr"):
                found = ask(url, query=expression.replace("$job", ".*"))
                if found["status"] != "success" or not found["data"]["result"]:
                    silent.add(expression)
            return not silent

        time.sleep(SCRAPED_S)
        try:
            wait_for(all_answer, 20, "")
        except AssertionError:
            pytest.fail(f"not answered: {silent}")


def test_influxdb_answers_every_question_of_its_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = engine_servers.INFLUX_CONF.replace(
        "store-enabled = false", 'store-enabled = true\n  store-interval = "1s"'
    )
    monkeypatch.setattr(engine_servers, "INFLUX_CONF", told)
    with running_influx(tmp_path / "influx") as server:
        server.create("kept")
        write(f"{server.url('kept')}/autogen", tmp_path)
        url, silent = f"http://{HOST}:{server.port}/query", set[str]()

        def all_answer() -> bool:
            silent.clear()
            for question in targets("influxdb.json", "query"):
                asked = question.replace("$timeFilter", "time > now() - 1h")
                found = ask(url, q=asked.replace("$__interval", "2s"), db="_internal")
                if not found["results"][0].get("series"):
                    silent.add(question)
            return not silent

        try:
            wait_for(all_answer, 30, "")
        except AssertionError:
            pytest.fail(f"not answered: {silent}")
