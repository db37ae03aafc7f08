"""The matrix of ASVS 8.2 and 8.4, made from the routes that exist: route x role x whose store.

A new route is in it without a word here. Every store of the world has its own word in each of its
texts (`amber-1`, `amber-2`, `cobalt-1`, `cobalt-2`), so a leak shows wherever it happens.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, cast
from uuid import UUID

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from hub.archive.catalogue import RECORD_TYPES
from hub.archive.customers.records import Customer
from hub.kit.db import Record, StoreScoped
from hub.kit.ids import uuid7
from hub.kit.records.apply import Change, apply
from hub.kit.records.declare import fields_of, path_of
from hub.kit.records.kinds import Kind, Show
from hub.security.roles import OWN_ONLY, SEEDS
from hub.web.application import PAGES
from tests.hub.chain_under_test import ChainUnderTest, StoreUnderTest
from tests.hub.samples import agree, values_for
from tests.hub.web.world_under_test import API, CHIEF, World

ROLES = tuple(seed.code for seed in SEEDS)
RIGHTS = {seed.code: seed.rights for seed in SEEDS}
RIGHTS[CHIEF] = RIGHTS["admin"]
OPEN = {f"{API}/health", f"{API}/health/ready", f"{API}/auth/token"} | {
    f"{API}/agents/authority",
    f"{API}/agents/enrol",  # by a code, or by the key of a certificate
    f"{API}/agents/renew",
    f"{API}/agents/bundles/{{id}}",  # software, by its digest
}
ENDLESS = {f"{API}/events"}  # a stream; its scope is tested where it is made
RECORD_PATHS = tuple(f"{API}/{path_of(model)}" for model in RECORD_TYPES)
CHAINS_OWN = tuple(
    f"{API}/{path_of(model)}" for model in RECORD_TYPES if not issubclass(model, StoreScoped)
)
THOROUGH = (CHIEF, "store_manager", "practitioner")
ARCHETYPES = frozenset(
    {"stores", "equipment", "suppliers", "products", "purchase_orders", "health_profiles", "users"}
)
"""One type of each sort; the others are tried by the THOROUGH roles."""
NUMBERS = count(7)
REFUSED = (403, 404, 405, 422)
ACTIONS = {"GET": "read", "PATCH": "update", "DELETE": "archive"}


@dataclass(frozen=True)
class Operation:
    """One method of one address; `query` are the parameters it cannot do without."""

    method: str
    path: str
    query: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix(API)}"

    @property
    def names_a_store(self) -> bool:
        return "{id}" in self.path or "store" in self.query

    @property
    def type_path(self) -> str:
        return self.path.partition("/{id}")[0]

    @property
    def is_record(self) -> bool:
        return self.type_path in RECORD_PATHS


def types_for(role: str) -> tuple[type[Record], ...]:
    every = role in THOROUGH
    return tuple(m for m in RECORD_TYPES if every or m.__tablename__ in ARCHETYPES)


def operations(world: World, role: str = CHIEF) -> list[Operation]:
    tried = {f"{API}/{path_of(model)}" for model in types_for(role)}
    found = [one for one in every_operation(world) if not one.is_record or one.type_path in tried]
    assert len(found) > 60
    return found


def every_operation(world: World) -> list[Operation]:
    document = world.openapi
    found = []
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            needed = [p["name"] for p in about.get("parameters", ()) if p["required"]]
            query = tuple(name for name in needed if f"{{{name}}}" not in path)
            found.append(Operation(method.upper(), path, query))
    return found


def address(operation: Operation, chain: ChainUnderTest, store: StoreUnderTest) -> str:
    """The address with the ids of one store, or of its chain, filled in."""
    ids = {table.replace("_", "-"): one for table, one in store.ids.items()}
    noun = operation.path.removeprefix(f"{API}/").partition("/")[0]
    path = operation.path.replace("{id}", str(ids.get(noun, uuid7()))).replace("{seq}", "1")
    known = {
        "store": store.id,
        "device": "cabinet-1",
        "metric": "air_temperature_c",
        "start": "2026-03-01T00:00:00Z",
        "end": "2026-03-02T00:00:00Z",
        "bucket": "1h",
        "first": "2026-03-01",
        "last": "2026-03-02",
        "thing": chain.product,
    }
    query = "&".join(f"{name}={known[name]}" for name in operation.query)
    return f"{path}?{query}" if query else path


def send(client: TestClient, operation: Operation, where: str) -> tuple[int, str]:
    body: object = {} if operation.method in ("POST", "PATCH", "PUT") else None
    answer = client.request(operation.method, where, json=body)
    return answer.status_code, answer.text


def foreign_to(world: World, role: str) -> Iterator[tuple[ChainUnderTest, StoreUnderTest]]:
    """Stores that a person must not know of; the chief knows all of the own chain."""
    if role != CHIEF:
        yield world.amber, world.amber.stores[1]
    for store in world.cobalt.stores:
        yield world.cobalt, store


def test_nobody_gets_anything(still_world: World) -> None:
    browser = still_world.browser()
    for operation in operations(still_world):
        where = address(operation, still_world.amber, still_world.mine)
        status, text = send(browser, operation, where)
        if operation.path in OPEN:
            assert status != 401, operation
        else:
            assert status == 401, operation
            assert "amber" not in text


@pytest.mark.parametrize("role", [*ROLES, CHIEF])
def test_a_foreign_store_is_not_there(still_world: World, role: str) -> None:
    """404, not 403, wherever a record is named by its id: nobody learns that it exists."""
    client = still_world.as_(role)
    tried = 0
    for operation in operations(still_world, role):
        if not operation.names_a_store or operation.path in ENDLESS:
            continue
        for chain, store in foreign_to(still_world, role):
            is_own_chains = chain is still_world.amber and "{id}" in operation.path
            if is_own_chains and operation.path.startswith(CHAINS_OWN):
                continue  # the chain's own records are everybody's to read
            status, text = send(client, operation, address(operation, chain, store))
            tried += 1
            assert status in REFUSED, (operation, store.word, status)
            assert store.word not in text, (operation, text)
            if operation.is_record:
                assert status == 404, (operation, store.word, status)
    assert tried > 50


@pytest.mark.parametrize("role", [*ROLES, CHIEF])
def test_no_list_names_a_foreign_store(still_world: World, role: str) -> None:
    client = still_world.as_(role)
    hidden = [store.word for _, store in foreign_to(still_world, role)]
    for operation in operations(still_world, role):
        if operation.method != "GET" or operation.names_a_store or operation.path in ENDLESS:
            continue
        where = address(operation, still_world.amber, still_world.mine)
        status, text = send(client, operation, where)
        assert status in (200, 403), (operation, status)
        assert not [word for word in hidden if word in text], operation


OTHERS, PART = "somebody-elses", "elses"
OWNED = tuple(model for model in RECORD_TYPES if model.__record__.own)


@pytest.fixture(scope="module")
def others(still_world: World) -> dict[str, UUID]:
    """One record of every type that is somebody's own, of a customer nobody is responsible for."""
    made: dict[str, UUID] = {}
    with still_world.amber.write() as session:
        for model in sorted(OWNED, key=lambda one: one.__tablename__):
            known = {**still_world.mine.ids, **made}
            values = values_for(model, OTHERS, known, number=next(NUMBERS))
            values.pop("owner_id", None)
            if model.__tablename__ == "health_profiles":
                agree(session, made["customers"])
            made[model.__tablename__] = apply(session, model, Change(values=values)).id
    return made


@pytest.mark.parametrize("role", sorted(OWN_ONLY))
def test_others_customers_are_nowhere(
    still_world: World, others: dict[str, UUID], role: str
) -> None:
    """SEC-07: by id 404 on every route; in no list, search, export, suggestion and page."""
    client, browser = still_world.as_(role), still_world.signed_in(role)
    paths = {f"{API}/{path_of(model)}": others[model.__tablename__] for model in OWNED}
    for operation in every_operation(still_world):
        if operation.type_path in paths and "{id}" in operation.path:
            where = operation.path.replace("{id}", str(paths[operation.type_path]))
            status, text = send(client, operation, where.replace("{seq}", "1"))
            assert status in (404, 405, 422), (operation, status, text)
        elif operation.method == "GET" and operation.path not in ENDLESS:
            where = address(operation, still_world.amber, still_world.mine)
            for more in ("", f"q={PART}", "archived=true"):
                text = client.get(f"{where}{'&' if '?' in where else '?'}{more}").text
                assert OTHERS not in text, (operation, more)
    for model in OWNED:
        noun, one = path_of(model), others[model.__tablename__]
        for place in ("", f"?q={PART}", f"/{one}", f"/{one}/edit", "/suggest?x=some", "/total"):
            answer = browser.get(f"/archive/{noun}{place}")
            assert OTHERS not in answer.text, (noun, place)
    found = browser.get("/palette", params={"q": PART})
    assert OTHERS not in found.text


@pytest.mark.parametrize("role", [*ROLES, CHIEF])
def test_no_page_names_a_foreign_store(still_world: World, role: str) -> None:
    client = still_world.signed_in(role)
    pages = [
        route.path
        for router in PAGES
        for route in router.routes
        if isinstance(route, Route) and "GET" in (route.methods or ())
    ]
    assert len(pages) > 10
    for chain, store in foreign_to(still_world, role):
        for path in pages:
            for model in types_for(role) if "{kind}" in path else (None,):
                where = page_address(path, model, chain, store)
                answer = client.get(where)
                assert answer.status_code < 500, where
                assert store.word not in answer.text, (where, answer.status_code)


def page_address(
    path: str, model: type[Record] | None, chain: ChainUnderTest, store: StoreUnderTest
) -> str:
    noun = path_of(model) if model else path.strip("/").partition("/")[0]
    operation = Operation("GET", f"{API}/{noun}/{{id}}", ())
    record = address(operation, chain, store).rpartition("/")[2]
    found = path.replace("{kind}", noun).replace("{id}", record).replace("{seq}", "1")
    return found.replace("{store_id}", str(store.id)).replace("{alert_id}", str(uuid7()))


@cache
def allowed(role: str, model: type[Record], action: str) -> bool:
    """What the seeded rows say: a role in one store changes that store's records alone."""
    if f"{model.__record__.rights}.{action}" not in (
        RIGHTS["admin"] if role == CHIEF else RIGHTS[role]
    ):
        return False
    is_new_store = model.__tablename__ == "stores" and action == "create"
    is_stores = "store_id" in fields_of(model) or model.__tablename__ == "stores"
    is_stores |= model.__record__.is_open
    return action == "read" or role == CHIEF or (is_stores and not is_new_store)


@pytest.mark.parametrize("model", RECORD_TYPES, ids=lambda m: m.__tablename__)
@pytest.mark.parametrize("role", [*ROLES, CHIEF])
def test_a_role_does_its_part_and_no_more(world: World, role: str, model: type[Record]) -> None:
    """SEC-06: what is allowed works, what is not is refused, on the own store's records."""
    client = world.as_(role)
    noun = path_of(model)
    listed = client.get(f"{API}/{noun}")
    assert listed.status_code == 200
    items = listed.json()["items"]
    assert bool(items) is allowed(role, model, "read")
    one = f"{API}/{noun}/{own_id(world, model)}"
    for method, action in ACTIONS.items():
        status, _ = send(client, Operation(method, one, ()), one)
        if not allowed(role, model, "read"):
            assert status == 404, (method, status)
        else:
            assert (status < 300) is allowed(role, model, action), (method, status)
            assert status < 300 or status == 403
    back = client.post(f"{one}/restore")
    assert (back.status_code == 200) is (
        allowed(role, model, "archive") and allowed(role, model, "read")
    )
    made = client.post(f"{API}/{noun}", json=fresh(world, model))
    assert made.status_code == (201 if allowed(role, model, "create") else 403), made.text


def own_id(world: World, model: type[Record]) -> str:
    operation = Operation("GET", f"{API}/{path_of(model)}/{{id}}", ())
    return address(operation, world.amber, world.mine).rpartition("/")[2]


def fresh(world: World, model: type[Record]) -> dict[str, Any]:
    """A new record with a name of its own, and where only one may refer to another, a new other."""
    word = uuid7().hex[-12:]
    known = dict(world.mine.ids)
    if any(f.has(Show.UNIQUE) and f.spec.kind is Kind.REFERENCE for f in fields_of(model).values()):
        with world.amber.write() as session:
            values = {"name": word, "owner_id": world.mine.ids["employees"]}
            known["customers"] = apply(session, Customer, Change(values=values)).id
            agree(session, known["customers"])
    given = json.loads(
        json.dumps(values_for(model, word, known, number=next(NUMBERS)), default=str)
    )
    return cast(dict[str, Any], given)
