"""Errors of talking to devices.

ProtocolError
├── DeviceTimeoutError   no answer in time: retry, then back off
│   └── NotAskedError    it was silent and is still left alone: ask in `again_in_s`
├── FrameError           an answer that breaks the protocol (length, checksum): retry
└── DeviceRefusedError   the device answered no (Modbus exception code): do not retry
"""

from typing import ClassVar


class ProtocolError(Exception):
    """Base of all errors on the wire; the message names the device, the request and the limit."""

    is_retryable: ClassVar[bool] = True


class DeviceTimeoutError(ProtocolError): ...


class NotAskedError(DeviceTimeoutError):
    """Nothing was sent, so this says nothing new about the device."""

    def __init__(self, message: str, again_in_s: float) -> None:
        super().__init__(message)
        self.again_in_s = again_in_s


class FrameError(ProtocolError): ...


class DeviceRefusedError(ProtocolError):
    """`code` is the Modbus exception code, or 0 where the protocol has none."""

    is_retryable = False

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code
