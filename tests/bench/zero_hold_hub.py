"""The hub with one rule of zero duration: an alarm bit is an alert at once, and over at once.

It holds nothing that flaps: a bit that comes and goes for two minutes is what is timed here.
"""

import sys

from hub.alerts import raising
from hub.cli import main
from hub.detection import defaults
from hub.detection.defaults import Limits, Trigger
from hub.detection.findings import Rule, Severity
from tests.servers import ALARM

if __name__ == "__main__":
    at_once = Trigger(0, Severity.HIGH, 0)
    defaults._ANY[ALARM] = Limits(on_rule=Rule.DEVICE_ALARM, on_state=at_once)
    vars(raising)["FLAPS_AFTER"] = sys.maxsize
    sys.exit(main(sys.argv[1:]))
