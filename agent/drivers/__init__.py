"""Drivers, one small file a protocol; `agent.devices.DRIVERS` is the literal table of them."""
