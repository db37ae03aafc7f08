"""The API keeps what its document of OpenAPI says, whatever is sent to it (INT-15).

`make faults` sends two hundred examples of every operation. Here ten go to everything that is no
record and to the types that stand for the others; of these only what their fields make different.
"""

import pytest

from hub.archive.catalogue import RECORD_TYPES
from hub.kit.records.declare import path_of
from tests.hub.web.api.contract import contract
from tests.hub.web.world_under_test import API, World

ARCHETYPES = frozenset({"stores", "products", "purchase-orders", "health-profiles"})
OTHERS = frozenset(path_of(model) for model in RECORD_TYPES) - ARCHETYPES
OF_FIELDS = tuple(
    f"{method} {API}/{noun}" for noun in OTHERS for method in ("GET", "POST")
) + tuple(f"{method} {API}/{noun}/{{id}}" for noun in OTHERS for method in ("GET", "PATCH"))


def examples(label: str) -> int:
    noun = label.partition(f"{API}/")[2].partition("/")[0]
    if noun in OTHERS:
        return 1 if label in OF_FIELDS else 0
    return 10


@pytest.mark.timeout(600)
def test_no_answer_breaks_the_document(world: World) -> None:
    with contract(world) as held:
        tried = held.hold(examples)
    assert tried > 250
    assert held.broken == {}
    assert {200, 201, 204, 404, 409, 422} <= held.answered.keys()
