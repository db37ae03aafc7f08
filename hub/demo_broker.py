"""The demo's MQTT broker, a process of its own: `python -m hub.demo_broker PORT DIR`.

Loopback only, no accounts: a real hub has mosquitto (docs/decisions/embedded-broker.md).
"""

import logging
import sys
from pathlib import Path

from iotcore import IotCoreBroker

HOST = "127.0.0.1"
MAX_PAYLOAD_BYTES = 1 << 20
# What is kept for a reader that lags; older messages are dropped, and our journal asks again.
SEGMENT_BYTES, SEGMENTS = 2 << 20, 8

_CONFIGURATION = """\
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = {segment_bytes}
max_segment_count = {segments}

[v4.1]
name = "demo"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v4.1.connections]
connection_timeout_ms = 10000
max_payload_size = {max_payload_bytes}
max_inflight_count = 500
dynamic_filters = true
"""


def configuration(port: int) -> str:
    return _CONFIGURATION.format(
        host=HOST,
        port=port,
        segment_bytes=SEGMENT_BYTES,
        segments=SEGMENTS,
        max_payload_bytes=MAX_PAYLOAD_BYTES,
    )


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    # The broker traces every packet at level ERROR.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    file = folder / "broker.toml"
    file.write_text(configuration(port), "utf-8")
    IotCoreBroker(config_path=str(file)).run_forever()


if __name__ == "__main__":
    main()
