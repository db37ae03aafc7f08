"""The hub held to its own document of OpenAPI, by requests that schemathesis makes of it."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.case import Case
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.detection.findings import Rule, Severity
from hub.web.application import create_app
from tests.hub.chain_under_test import PASSWORD
from tests.hub.web.api.test_alerts import raise_alert
from tests.hub.web.world_under_test import API, WIDE, World

LEFT_OUT = (f"GET {API}/events", f"POST {API}/auth/sign-out", f"POST {API}/auth/password")
"""A stream without end, and what would shut out the one who asks."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SLOW = list(HealthCheck)


@dataclass
class Contract:
    """Sends examples of every operation and keeps what the hub answered against its word."""

    world: World
    client: Any
    schema: Any
    ids: dict[str, str]
    answered: dict[int, int] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def hold(self, examples: Callable[[str], int]) -> int:
        """So many examples of each operation, by its label; how many operations were tried."""
        tried = 0
        for found in self.schema.get_all_operations():
            operation = found.ok()
            number = 0 if operation.label in LEFT_OUT else examples(operation.label)
            if number:
                self._try(operation, number)
                tried += 1
        return tried

    def _try(self, operation: Any, number: int) -> None:
        noun = operation.path.removeprefix(f"{API}/").partition("/")[0]
        turn = iter(range(number * 100))

        @seed(20_260)
        @settings(
            max_examples=number,
            deadline=None,
            database=None,
            suppress_health_check=SLOW,
            phases=[Phase.generate],
        )
        @given(operation.as_strategy())
        def send(case: Case[Any]) -> None:
            if "id" in case.path_parameters and next(turn) % 4 and noun in self.ids:
                case.path_parameters["id"] = self.ids[noun]
            if "wait_s" in case.query:
                case.query["wait_s"] = 0  # nobody works on jobs here
            self._judge(case)

        send()

    def _judge(self, case: Case[Any]) -> None:
        answer = case.call(session=self.client)
        self.answered[answer.status_code] = self.answered.get(answer.status_code, 0) + 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            self.broken[case.operation.label] = "\n".join(map(str, failures.exceptions))[:2000]


@contextmanager
def contract(world: World) -> Iterator[Contract]:
    """A program with every role at once in the first chain, and something to find there."""
    app = create_app(world.services)
    ids = {table.replace("_", "-"): str(one) for table, one in world.mine.ids.items()}
    alert = raise_alert(world, world.mine.id, rule=Rule.SENSOR_STUCK, severity=Severity.HIGH)
    order = world.as_(WIDE).post(f"{API}/work-orders", json={"alert_id": alert}).json()["id"]
    form = {"username": WIDE, "password": PASSWORD}
    token = world.browser().post(f"{API}/auth/token", data=form).json()["access_token"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how schemathesis makes what it sends
        schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", app)
        with get_client(app) as client:  # type: ignore[arg-type]  # Starlette's own types are wider
            client.headers["Authorization"] = f"Bearer {token}"
            yield Contract(world, client, schema, ids | {"alerts": alert, "work-orders": order})
