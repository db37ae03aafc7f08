"""EDG-05: people counters of other makers: time, late data, and ids against counting twice."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from protocols.errors import FrameError
from protocols.footfall.codec import EventFilter
from protocols.payloads import axis, footfallcam, hikvision, milesight_json, vivotek, xovis

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in the shop

RANGE = """<TimeRange><startTime>2026-11-23T09:55:00+08:00</startTime>
<endTime>2026-11-23T10:00:00+08:00</endTime></TimeRange>"""
REAL_TIME = "<RealTime><time>2026-11-23T10:00:00</time></RealTime>"


def alert(method: str, when: str, late: str = "", namespace: str = "") -> bytes:
    return f"""--boundary\r\nContent-Type: application/xml\r\n\r\n<?xml version="1.0"?>
<EventNotificationAlert version="2.0" {namespace}><eventType>PeopleCounting</eventType>{late}
<peopleCounting><statisticalMethods>{method}</statisticalMethods>{when}
<enter>12</enter><exit>7</exit><pass>30</pass><regionsID>1</regionsID></peopleCounting>
</EventNotificationAlert>\r\n--boundary--""".encode()


def test_hikvision_in_real_time_tells_running_totals() -> None:
    said = hikvision.decode(alert("realTime", REAL_TIME), SHANGHAI)
    assert [(v.metric, v.part, v.value) for v in said] == [
        ("in_total", "region 1", 12),
        ("out_total", "region 1", 7),
    ]
    assert {v.at for v in said} == {TEN}


@pytest.mark.parametrize("version", ["ver20", "ver10"])
def test_hikvision_time_range_is_counted_once_though_sent_again(version: str) -> None:
    namespace = f'xmlns="http://www.isapi.org/{version}/XMLSchema"'
    late = "<isDataRetransmission>true</isDataRetransmission>"
    first = hikvision.decode(alert("timeRange", RANGE, "", namespace), SHANGHAI)
    again = hikvision.decode(alert("timeRange", RANGE, late, namespace), SHANGHAI)
    assert [(v.metric, v.value) for v in first] == [
        ("in_count", 12),
        ("out_count", 7),
        ("pass_count", 30),
    ]
    assert not any(v.is_historical for v in first)
    assert all(v.is_historical for v in again)
    seen = EventFilter()
    assert [seen.is_new(v.event_id) for v in (*first, *again)] == [True] * 3 + [False] * 3


def test_hikvision_other_events_give_nothing() -> None:
    other = alert("realTime", REAL_TIME).replace(b">PeopleCounting<", b">videoloss<")
    assert hikvision.decode(other, SHANGHAI) == ()
    assert hikvision.decode(b"--boundary--", SHANGHAI) == ()


@pytest.mark.parametrize(
    "bad",
    [
        alert("realTime", REAL_TIME)[:-60],
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + alert("realTime", REAL_TIME),
        alert("signalTrigger", REAL_TIME),
        alert("realTime", "<RealTime><time>noon</time></RealTime>"),
        alert("realTime", REAL_TIME).replace(b">12<", b">-12<"),
        alert("realTime", REAL_TIME).replace(b"<exit>", b"<exit"),
    ],
)
def test_hikvision_refuses_what_it_does_not_understand(bad: bytes) -> None:
    with pytest.raises(FrameError):
        hikvision.decode(bad, SHANGHAI)


def test_axis_tells_local_time_of_the_camera() -> None:
    payload = {"serial": "ACCC8E", "name": "door", "timestamp": "20261123100000", "in": 5, "out": 4}
    said = axis.decode(json.dumps(payload).encode(), SHANGHAI)
    assert [(v.metric, v.value, v.at) for v in said] == [
        ("in_total", 5, TEN),
        ("out_total", 4, TEN),
    ]


def test_footfallcam_tells_staff_apart_and_each_event_once() -> None:
    end = int(TEN.timestamp())
    event = {"RoiId": 3, "MetricId": 1, "CombineObjectTypeId": 11, "EventEndTime": end, "UUID": "a"}
    staff = event | {"CombineObjectTypeId": 21, "MetricId": 2, "UUID": "b"}
    ignored = event | {"MetricId": 9, "UUID": "c"}
    said = footfallcam.decode(json.dumps([event, staff, ignored]).encode())
    assert [(v.metric, v.part, v.value, v.event_id) for v in said] == [
        ("in_count", "roi 3", 1, "a"),
        ("staff_out_count", "roi 3", 1, "b"),
    ]
    assert {v.at for v in said} == {TEN}


def test_footfallcam_takes_milliseconds_and_refuses_events_without_id() -> None:
    event = {"MetricId": 1, "CombineObjectTypeId": 11, "EventEndTime": TEN.timestamp() * 1000}
    (said,) = footfallcam.decode(json.dumps(event | {"UUID": "a"}).encode())
    assert said.at == TEN
    with pytest.raises(FrameError, match="no UUID"):
        footfallcam.decode(json.dumps(event).encode())


def test_vivotek_counts_each_rule_and_span() -> None:
    info = {
        "RuleName": "front",
        "In": 3,
        "Out": "2",
        "StartTime": "2026-11-23T01:55:00Z",
        "EndTime": "2026-11-23T02:00:00Z",
    }
    payload = {"Source": {"DeviceID": "1"}, "Data": [{"CountingInfo": [info]}]}
    said = vivotek.decode(json.dumps(payload).encode(), SHANGHAI)
    assert [(v.metric, v.part, v.value, v.at) for v in said] == [
        ("in_count", "front", 3, TEN),
        ("out_count", "front", 2, TEN),
    ]
    assert len({v.event_id for v in said}) == 2
    with pytest.raises(FrameError, match="CountingInfo"):
        vivotek.decode(b'{"Data": {}}', SHANGHAI)


@pytest.mark.parametrize("nested", [True, False])
def test_milesight_json_tells_how_many_are_there(nested: bool) -> None:
    counts = {"current_total": 4, "max_counted": 9}
    payload = {"event": "Region People Counting", "time_info": {"end_time": "2026-11-23T10:00:00"}}
    said = milesight_json.decode(
        json.dumps(payload | ({"data": counts} if nested else counts)).encode(), SHANGHAI
    )
    assert [(v.metric, v.value, v.at) for v in said] == [
        ("occupancy_count", 4, TEN),
        ("occupancy_max_count", 9, TEN),
    ]


def test_xovis_connection_tests_are_dropped() -> None:
    assert xovis.events(b'{"connection_test": true, "events": [{}]}') == ()
    assert xovis.events(b'{"events": [{"type": "line"}]}') == ({"type": "line"},)
    with pytest.raises(FrameError):
        xovis.events(b'{"events": {}}')


@pytest.mark.parametrize("bad", [b"", b"\xff\xfe", b"[1]", b'{"in": NaN}', b"7", b"{}"])
def test_rubbish_is_a_frame_error_everywhere(bad: bytes) -> None:
    with pytest.raises(FrameError):
        axis.decode(bad, SHANGHAI)
    with pytest.raises(FrameError):
        vivotek.decode(bad, SHANGHAI)


@pytest.mark.parametrize("value", [True, None, "x", -1, 1.5, float("inf"), 10**400])
def test_a_count_is_a_whole_number_of_people(value: object) -> None:
    payload = {"timestamp": "20261123100000", "in": value, "out": 1}
    with pytest.raises(FrameError):
        axis.decode(json.dumps(payload).encode(), SHANGHAI)
