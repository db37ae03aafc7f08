"""Talks to engines that speak InfluxDB's HTTP API; the one file that imports influxdb-client."""

import base64
from collections.abc import Mapping
from typing import cast

from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from urllib3.exceptions import HTTPError, ReadTimeoutError

from hub.errors import BusyError, T
from hub.timeseries.port import SlowQueryError
from hub.timeseries.remote.address import Address

WRITE_LIMIT_S = 30.0
READ_LIMIT_S = 20.0
GATEWAY = (502, 503, 504)  # a proxy answers for a server that does not
_DOWN = T("时序数据库 {where} 无法访问：{why}", "The time series at {where} do not answer: {why}")
_REFUSED = T("时序数据库 {where} 拒绝了请求：{why}", "The time series at {where} refused: {why}")
_MS = cast("WritePrecision", WritePrecision.MS)  # the package types it as text
_SLOW = T("时序查询超过 {limit} 秒。", "The query of the time series took over {limit} s.")


class EngineDownError(BusyError):
    """The server cannot be reached or does not answer; try again."""


class EngineRefusedError(BusyError):
    """The server answered with an error; `detail` is its own sentence."""

    def __init__(self, text: T, detail: str) -> None:
        super().__init__(text)
        self.detail = detail


class Wire:
    """A pool of connections to one server. Any thread may call it."""

    def __init__(self, address: Address) -> None:
        self._where = f"{address.host}:{address.port}"
        token = address.password
        if address.user:
            token = f"{address.user}:{address.password}"
        # Queries of InfluxDB 1.x know user and password only in this form.
        basic = base64.b64encode(token.encode()).decode()
        self._query_headers = {"Authorization": f"Basic {basic}"} if address.user else {}
        self._client = InfluxDBClient(
            url=address.origin, token=token, org="-", timeout=int(WRITE_LIMIT_S * 1000)
        )
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, bucket: str, lines: bytes) -> None:
        """Line protocol with stamps in milliseconds, many lines at once."""
        try:
            self._writer.write(bucket=bucket, org="-", record=lines, write_precision=_MS)
        except InfluxDBError as error:
            raise self._refused(error) from error
        except (HTTPError, OSError) as error:
            raise self._down(error) from error

    def ask(self, path: str, parameters: Mapping[str, str], accept: str = "*/*") -> bytes:
        """The body of the answer to a POST of these parameters."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": accept,
            **self._query_headers,
        }
        try:
            answer = self._client.api_client.call_api(  # type: ignore[no-untyped-call]  # theirs
                path,
                "POST",
                header_params=headers,
                post_params=list(parameters.items()),
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=int(READ_LIMIT_S * 1000),
            )
            return cast("bytes", answer.data)
        except InfluxDBError as error:
            raise self._refused(error) from error
        except ReadTimeoutError as error:
            raise SlowQueryError(_SLOW.format(limit=int(READ_LIMIT_S))) from error
        except (HTTPError, OSError) as error:
            raise self._down(error) from error

    def close(self) -> None:
        self._writer.close()  # type: ignore[no-untyped-call]  # theirs
        self._client.close()  # type: ignore[no-untyped-call]  # theirs

    def _refused(self, error: InfluxDBError) -> EngineDownError | EngineRefusedError:
        if getattr(error, "status", None) in GATEWAY:
            return self._down(error)
        body = getattr(error, "body", None) or str(error)
        why = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
        return EngineRefusedError(_REFUSED.format(where=self._where, why=why[:300]), why)

    def _down(self, error: Exception) -> EngineDownError:
        return EngineDownError(_DOWN.format(where=self._where, why=type(error).__name__))
