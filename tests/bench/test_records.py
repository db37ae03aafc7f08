"""Lists and search of the archive at 200,000 customers and 100,000 products.

BENCH_SMALL=1 makes a tenth. Times are the processor time of whole requests, client included; of
each way to search every typed word is asked for several times, in turns, as people do.
"""

import os
import random
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient

from hub.archive.customers.records import Customer
from hub.archive.products.records import Product, ProductVariant
from hub.kit.ids import uuid7
from hub.kit.records.search import readings
from hub.kit.statistics import learn
from tests.bench.results import Result, broken, report
from tests.hub.web.world_under_test import CHIEF, World, open_world

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

SHARE = 10 if os.environ.get("BENCH_SMALL") else 1
CUSTOMERS, PRODUCTS = 200_000 // SHARE, 100_000 // SHARE
RUNS = 6
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红梅鑫宇"
THINGS = ("矿泉水", "绿茶", "酸奶", "面包", "牛奶", "饼干", "洗发水", "纸巾", "苹果", "电池")
MAKERS = ("农夫", "伊利", "蒙牛", "康师傅", "统一", "达能", "清风", "南孚", "海天", "金龙鱼")
TYPED = ("王", "张伟", "zhangwei", "zw", "李", "13800", "0199", "liu", "wang", "郭秀英", "guo xiu")
NOTHING = ("查无此人", "zzzqx", "99999999999")
WANTED = ("农夫", "nongfu", "nfkqs", "绿茶 统一", "69012", "P-0099", "shui", "酸奶 伊利", "xyzq")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("world")) as made:
        _fill(made)
        yield made


def _fill(world: World) -> None:
    dice = random.Random(1)
    base = {"chain_id": world.amber.id, "version": 1}
    customers, products, variants = [], [], []
    for number in range(CUSTOMERS):
        name = dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.choice((1, 2))))
        row = {"id": uuid7(), "name": name, "search_words": readings(name)}
        customers.append(base | row | {"phone": f"138{number:08}"})
    for number in range(PRODUCTS):
        name = f"{dice.choice(MAKERS)}{dice.choice(THINGS)} {number % 97 + 3}g"
        barcode = f"69{number:011}"
        row = {"id": uuid7(), "code": f"P-{number:06}", "name": name}
        products.append(base | row | {"search_words": f"{readings(name)} {barcode}"})
        ids = {"id": uuid7(), "chain_id": world.amber.id, "product_id": row["id"], "position": 0}
        variants.append(ids | {"barcode": barcode})
    for model, rows in ((Customer, customers), (Product, products), (ProductVariant, variants)):
        with world.services.db.system("bench") as connection:
            connection.execute(insert(model), rows)
    learn(world.services.db)


def _p95_ms(client: TestClient, addresses: list[str]) -> tuple[float, float]:
    """p95 of a request, and the longest."""
    took = []
    for address in addresses:
        begun = time.process_time()
        answer = client.get(address)
        took.append(1000 * (time.process_time() - begun))
        assert answer.status_code == 200, answer.text[:200]
    return sorted(took)[int(0.95 * len(took))], max(took)


def _each(pattern: str, words: tuple[str, ...]) -> list[str]:
    return [pattern.format(q=word) for _ in range(RUNS) for word in words]


def test_search_at_200_000_customers(world: World) -> None:
    client = world.signed_in(CHIEF)
    _, cold = _p95_ms(client, ["/palette?q=王"])
    store = world.mine.id
    ways: list[tuple[str, list[str], float]] = [
        ("palette, everything", _each("/palette?q={q}", TYPED), 50),
        ("palette, nothing found", _each("/palette?q={q}", NOTHING), 50),
        ("list of customers", _each("/archive/customers?q={q}", TYPED), 50),
        ("checkout, at every letter", _each(f"/sales/new/{store}/found?code={{q}}", WANTED), 50),
        ("checkout, opened", [f"/sales/new?store={store}"] * 20, 50),
        ("stock of a store", _each(f"/stock?store={store}&q={{q}}", WANTED), 50),
    ]
    results = [Result("palette, first look after a start", cold, "ms CPU")]
    for name, addresses, limit in ways:
        p95, longest = _p95_ms(client, addresses)
        results += [Result(name, p95, "ms CPU p95", limit), Result("  longest", longest, "ms CPU")]
    report("Search of the archive", results)
    assert broken(results) == []


def _cpu_ms(client: TestClient, address: str) -> float:
    """The median of a request's processor time, the client's own included."""
    took = []
    for _ in range(40):
        begun = time.process_time()
        assert client.get(address).status_code == 200
        took.append(1000 * (time.process_time() - begun))
    return sorted(took)[len(took) // 2]


def test_a_list_of_200_000(world: World) -> None:
    """Beside a list with one record, which is frame, filters and columns alone."""
    client = world.signed_in(CHIEF)
    for address in ("/archive/customers", "/archive/member-tiers"):
        client.get(address)
    frame, whole = (_cpu_ms(client, f"/archive/{one}") for one in ("member-tiers", "customers"))
    size_kb = len(client.get("/archive/customers").content) / 1024
    results = [
        Result("list of one record", frame, "ms CPU"),
        Result("50 of 200,000 rows above it", whole - frame, "ms CPU", 6),
        Result("  of the page, unpacked", size_kb, "KB"),
    ]
    report("List of 200,000 records", results)
    assert broken(results) == []
