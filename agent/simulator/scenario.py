"""What can go wrong in a simulated store.

| scenario | what happens from its beginning on |
|---|---|
| `normal` | nothing |
| `freezer-drift` | `freezer-1` loses its charge: the compressor runs on, the air warms by about 3 K a minute at first, -15 °C after 2 minutes, 0 °C after 10 (time-lapse: a real leak takes hours) |
| `door-left-open` | the door of `cabinet-1` stays open: 8 °C after 3 minutes, 12 °C after 20 |
| `dead-counter` | `door-1` goes on answering but counts nobody; people come and buy as before |
| `sales-drop` | people come as before, but seven of eight leave without paying |
| `power-cut` | the mains fail for 25 minutes: meter, machines, tills and counters fall silent, the agent does not; then compressors start one after the other |
"""  # noqa: E501 a table

from enum import StrEnum


class Scenario(StrEnum):
    NORMAL = "normal"
    FREEZER_DRIFT = "freezer-drift"
    DOOR_LEFT_OPEN = "door-left-open"
    DEAD_COUNTER = "dead-counter"
    SALES_DROP = "sales-drop"
    POWER_CUT = "power-cut"


FAULT_RAMP_S = 30.0
POWER_CUT_S = 25 * 60.0
SALES_DROP_KEEPS = 1 / 8
