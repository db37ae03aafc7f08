"""The API keeps its word under two hundred examples of every operation (INT-15); `make faults`.

CONTRACT_EXAMPLES asks for another number. A bounded part runs with the tests of the API.
"""

import os
from pathlib import Path

import pytest

from tests.hub.web.api.contract import contract
from tests.hub.web.world_under_test import open_world

pytestmark = pytest.mark.faults
IS_LONG = "FAULTS_MINUTES" in os.environ
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "200" if IS_LONG else "0"))


@pytest.mark.skipif(not EXAMPLES, reason="ten examples run with the tests of the API")
def test_no_answer_breaks_the_document(tmp_path: Path) -> None:
    with open_world(tmp_path) as world, contract(world) as held:
        tried = held.hold(lambda _label: EXAMPLES)
    assert tried > 600
    assert held.broken == {}
