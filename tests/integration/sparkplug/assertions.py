"""Sparkplug 3.0 assertions of an edge node, by the test class of the official kit that asks.

`tck-id-` is left off. Ids and classes: eclipse-sparkplug/sparkplug, specification and tck.
"""

from collections.abc import Callable

from protocols.sparkplug.sparkplug_b_pb2 import Metric, PropertyValue
from tests.integration.sparkplug.checks import (
    BASIC,
    BIRTHS,
    DATA,
    EDGE,
    NOW_MS,
    Check,
    aliases_are_unique,
    births_carry_bdseq_of_the_will,
    births_stand_together,
    born_before,
    data_names_what_was_born,
    each,
    each_metric,
    each_property,
    has_seq,
    has_time,
    has_value,
    in_sequence,
    is_dataset,
    is_payload,
    is_rebirth,
    is_template,
    names_differ_by_more_than_case,
    never,
    node_born_in_session,
    nothing_before_birth,
    one_metric,
    sent_as,
    topic_of,
    what_changed_is_sent,
)
from tests.integration.sparkplug.checks_session import (
    after_rebirth,
    an_older_offline_ends_nothing,
    bdseq_is_kept,
    births_are_complete,
    births_come_at_once,
    born_after_the_host,
    connects_again,
    death_follows_the_host,
    deaths,
    each_end_is_told,
    each_session,
    listens_to_its_host,
    lost_devices_die,
    one_broker_at_a_time,
    says_death_and_leaves,
    silent_while,
    subscribed,
    will,
)
from tests.integration.sparkplug.scenario import GROUP, NODE_ID

DEATH_TOPIC = f"spBv1.0/{GROUP}/NDEATH/{NODE_ID}"

# Always sent (docs/decisions/sparkplug-datatype-in-data.md): the one deviation, from a SHOULD NOT.
DEVIATION = "payloads-metric-datatype-not-req"

_NO_TEMPLATE, _NO_DATASET = never(is_template), never(is_dataset)
_NOT_MQTT_5 = each_session(lambda s: s.level == 4)
_TIMES = each_metric((*BIRTHS, *DATA), lambda m: m.timestamp in NOW_MS)
_DEATH_WILL = will(lambda m: m.kind == "NDEATH")
_BDSEQ = one_metric("bdSeq", lambda m: m.datatype == 4 and has_value(m) and not m.is_null)
_REBIRTH = one_metric("Node Control/Rebirth", lambda m: is_rebirth(m) and not m.boolean_value)
_SAYS_DEATH = each_session(says_death_and_leaves, lambda s: s.is_disconnected)
_BDSEQ_ALONE = deaths(lambda m: [x.name for x in m.payload.metrics] == ["bdSeq"])
_NO_SEQ = deaths(lambda m: not m.payload.HasField("seq"))
_WAITS = silent_while("no host", "the host is offline")
_KEYS_AND_VALUES = each_property(lambda m: len(m.properties.keys) == len(m.properties.values))
_TYPED_PROPERTIES = each_property(lambda m: all(v.type in BASIC for v in m.properties.values))
_BIRTH_METRIC = ("name", "datatype", "timestamp")


def _is_whole(kind: str) -> Check:
    return each_metric([kind], lambda m: all(map(m.HasField, _BIRTH_METRIC)) and has_value(m))


def _quality(is_right: Callable[[PropertyValue], bool]) -> Check:
    def look(metric: Metric) -> bool:
        found = dict(zip(metric.properties.keys, metric.properties.values, strict=True))
        return is_right(found["Quality"])

    return each_property(look)


MULTIPLE_BROKERS: dict[str, Check] = {
    "operational-behavior-edge-node-birth-sequence-wait": born_after_the_host,
    "operational-behavior-primary-application-state-with-multiple-servers-single-server": (
        one_broker_at_a_time
    ),
    "operational-behavior-primary-application-state-with-multiple-servers-state-subs": (
        listens_to_its_host
    ),
    "operational-behavior-primary-application-state-with-multiple-servers-walk": connects_again,
}

PRIMARY_HOST: dict[str, Check] = {
    "message-flow-edge-node-birth-publish-phid-offline": death_follows_the_host,
    "message-flow-edge-node-birth-publish-phid-wait": born_after_the_host,
    "message-flow-edge-node-birth-publish-phid-wait-id": silent_while("another host is online"),
    "message-flow-edge-node-birth-publish-phid-wait-online": _WAITS,
    "message-flow-edge-node-birth-publish-phid-wait-timestamp": silent_while(
        "the host is online by an older message"
    ),
    "operational-behavior-edge-node-termination-host-offline": death_follows_the_host,
    "operational-behavior-edge-node-termination-host-offline-reconnect": connects_again,
    "operational-behavior-edge-node-termination-host-offline-timestamp": (
        an_older_offline_ends_nothing
    ),
}

RECEIVE_COMMAND: dict[str, Check] = {
    "operational-behavior-data-commands-rebirth-action-1": after_rebirth(births_come_at_once),
    "operational-behavior-data-commands-rebirth-action-2": after_rebirth(births_are_complete),
    "operational-behavior-data-commands-rebirth-action-3": after_rebirth(bdseq_is_kept),
    "payloads-ndeath-will-message": _DEATH_WILL,
}

SEND_COMPLEX_DATA: dict[str, Check] = {
    "payloads-alias-data-cmd-requirement": data_names_what_was_born,
    "payloads-metric-datatype-not-req": each_metric(DATA, lambda m: m.HasField("datatype")),
    "payloads-metric-datatype-value": each_metric((*BIRTHS, *DATA), lambda m: m.datatype in BASIC),
    "payloads-metric-datatype-value-type": each_metric(BIRTHS, lambda m: m.datatype in BASIC),
    "payloads-metric-propertyvalue-type-req": _TYPED_PROPERTIES,
    "payloads-metric-propertyvalue-type-type": _TYPED_PROPERTIES,
    "payloads-metric-propertyvalue-type-value": _TYPED_PROPERTIES,
    "payloads-name-birth-data-requirement": _TIMES,
    "payloads-name-requirement": each_metric(
        (*BIRTHS, *DATA), lambda m: bool(m.name) or m.HasField("alias")
    ),
    "payloads-propertyset-keys-array-size": _KEYS_AND_VALUES,
    "payloads-propertyset-quality-value-type": _quality(lambda v: v.type == 3),
    "payloads-propertyset-quality-value-value": _quality(
        lambda v: v.WhichOneof("value") == "int_value" and v.int_value in (0, 192, 500)
    ),
    "payloads-propertyset-values-array-size": _KEYS_AND_VALUES,
    "payloads-sequence-num-always-included": each(EDGE[:-1], has_seq),
    **dict.fromkeys(
        (
            "payloads-dataset-column-num-headers",
            "payloads-dataset-column-size",
            "payloads-dataset-parameter-type-req",
            "payloads-dataset-types-def",
            "payloads-dataset-types-num",
            "payloads-dataset-types-type",
            "payloads-dataset-types-value",
        ),
        _NO_DATASET,
    ),
    **dict.fromkeys(
        (
            "payloads-template-dataset-value",
            "payloads-template-definition-is-definition",
            "payloads-template-definition-ref",
            "payloads-template-instance-is-definition",
            "payloads-template-instance-ref",
            "payloads-template-is-definition",
            "payloads-template-is-definition-definition",
            "payloads-template-is-definition-instance",
            "payloads-template-parameter-name-required",
            "payloads-template-parameter-name-type",
            "payloads-template-parameter-type-req",
            "payloads-template-parameter-type-value",
            "payloads-template-parameter-value",
            "payloads-template-parameter-value-type",
            "payloads-template-ref-definition",
            "payloads-template-ref-instance",
            "payloads-template-version",
        ),
        _NO_TEMPLATE,
    ),
}

SEND_DATA: dict[str, Check] = {
    "payloads-ddata-qos": sent_as("DDATA", qos=0),
    "payloads-ddata-retain": sent_as("DDATA", is_retained=False),
    "payloads-ddata-seq": each(["DDATA"], has_seq),
    "payloads-ddata-timestamp": each(["DDATA"], has_time),
    "payloads-metric-timestamp-in-UTC": _TIMES,
    "payloads-ndata-qos": sent_as("NDATA", qos=0),
    "payloads-ndata-retain": sent_as("NDATA", is_retained=False),
    "payloads-ndata-seq": each(["NDATA"], has_seq),
    "payloads-ndata-timestamp": each(["NDATA"], has_time),
    "topics-ddata-mqtt": sent_as("DDATA", qos=0, is_retained=False),
    "topics-ddata-payload": what_changed_is_sent,
    "topics-ddata-seq-num": in_sequence("DDATA"),
    "topics-ddata-timestamp": each(["DDATA"], has_time),
    "topics-ddata-topic": topic_of("DDATA"),
    "topics-ndata-mqtt": sent_as("NDATA", qos=0, is_retained=False),
    "topics-ndata-payload": what_changed_is_sent,
    "topics-ndata-seq-num": in_sequence("NDATA"),
    "topics-ndata-timestamp": each(["NDATA"], has_time),
    "topics-ndata-topic": topic_of("NDATA"),
    **dict.fromkeys(
        (
            "payloads-template-definition-members",
            "payloads-template-definition-nbirth",
            "payloads-template-definition-nbirth-only",
            "payloads-template-definition-parameters",
            "payloads-template-definition-parameters-default",
            "payloads-template-definition-ref",
            "payloads-template-instance-members",
            "payloads-template-instance-members-birth",
            "payloads-template-instance-members-data",
            "payloads-template-instance-parameters",
            "payloads-template-instance-ref",
        ),
        _NO_TEMPLATE,
    ),
}

SESSION_ESTABLISHMENT: dict[str, Check] = {
    "case-sensitivity-metric-names": names_differ_by_more_than_case,
    "message-flow-device-birth-publish-dbirth-match-edge-node-topic": topic_of("DBIRTH"),
    "message-flow-device-birth-publish-dbirth-payload": each(["DBIRTH"], is_payload),
    "message-flow-device-birth-publish-dbirth-qos": sent_as("DBIRTH", qos=0),
    "message-flow-device-birth-publish-dbirth-retained": sent_as("DBIRTH", is_retained=False),
    "message-flow-device-birth-publish-dbirth-topic": topic_of("DBIRTH"),
    "message-flow-device-birth-publish-nbirth-wait": node_born_in_session,
    "message-flow-device-dcmd-subscribe": subscribed(f"spBv1.0/{GROUP}/DCMD/{NODE_ID}/+"),
    "message-flow-edge-node-birth-publish-connect": each_session(lambda s: s.level > 0),
    "message-flow-edge-node-birth-publish-nbirth-payload": each(["NBIRTH"], is_payload),
    "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq": births_carry_bdseq_of_the_will,
    "message-flow-edge-node-birth-publish-nbirth-payload-seq": each(["NBIRTH"], has_seq),
    "message-flow-edge-node-birth-publish-nbirth-qos": sent_as("NBIRTH", qos=0),
    "message-flow-edge-node-birth-publish-nbirth-retained": sent_as("NBIRTH", is_retained=False),
    "message-flow-edge-node-birth-publish-nbirth-topic": topic_of("NBIRTH"),
    "message-flow-edge-node-birth-publish-phid-wait": born_after_the_host,
    "message-flow-edge-node-birth-publish-will-message": each_session(lambda s: s.will is not None),
    "message-flow-edge-node-birth-publish-will-message-payload": will(is_payload),
    "message-flow-edge-node-birth-publish-will-message-qos": will(lambda m: m.qos == 1),
    "message-flow-edge-node-birth-publish-will-message-topic": will(
        lambda m: m.topic == DEATH_TOPIC
    ),
    "message-flow-edge-node-birth-publish-will-message-will-retained": will(
        lambda m: not m.is_retained
    ),
    "message-flow-edge-node-ncmd-subscribe": subscribed(f"spBv1.0/{GROUP}/NCMD/{NODE_ID}"),
    "operational-behavior-data-commands-rebirth-datatype": _REBIRTH,
    "operational-behavior-data-commands-rebirth-name": _REBIRTH,
    "operational-behavior-data-commands-rebirth-name-aliases": one_metric(
        "Node Control/Rebirth", lambda m: not m.HasField("alias")
    ),
    "operational-behavior-data-commands-rebirth-value": _REBIRTH,
    "operational-behavior-data-publish-dbirth-values": each_metric(["DBIRTH"], has_value),
    "operational-behavior-data-publish-nbirth-values": each_metric(["NBIRTH"], has_value),
    "payloads-alias-birth-requirement": each_metric(
        BIRTHS, lambda m: bool(m.name), lambda m: m.HasField("alias")
    ),
    "payloads-alias-uniqueness": aliases_are_unique,
    "payloads-dbirth-order": births_stand_together,
    "payloads-dbirth-qos": sent_as("DBIRTH", qos=0),
    "payloads-dbirth-retain": sent_as("DBIRTH", is_retained=False),
    "payloads-dbirth-seq": each(["DBIRTH"], has_seq),
    "payloads-dbirth-seq-inc": in_sequence("DBIRTH"),
    "payloads-dbirth-timestamp": each(["DBIRTH"], has_time),
    "payloads-ddata-order": born_before("DDATA"),
    "payloads-metric-datatype-req": each_metric(BIRTHS, lambda m: m.HasField("datatype")),
    "payloads-name-birth-data-requirement": _TIMES,
    "payloads-nbirth-bdseq": _BDSEQ,
    "payloads-nbirth-bdseq-repeat": births_carry_bdseq_of_the_will,
    "payloads-nbirth-qos": sent_as("NBIRTH", qos=0),
    "payloads-nbirth-rebirth-req": _REBIRTH,
    "payloads-nbirth-retain": sent_as("NBIRTH", is_retained=False),
    "payloads-nbirth-seq": each(["NBIRTH"], has_seq),
    "payloads-nbirth-timestamp": each(["NBIRTH"], has_time),
    "payloads-ndata-order": born_before("NDATA"),
    "payloads-ndeath-bdseq": _BDSEQ_ALONE,
    "payloads-ndeath-seq": _NO_SEQ,
    "payloads-ndeath-will-message": _DEATH_WILL,
    "payloads-ndeath-will-message-qos": will(lambda m: m.qos == 1),
    "payloads-ndeath-will-message-retain": will(lambda m: not m.is_retained),
    "payloads-sequence-num-req-nbirth": each(["NBIRTH"], has_seq),
    "principles-birth-certificates-order": nothing_before_birth,
    "principles-persistence-clean-session-311": each_session(lambda s: s.is_clean),
    "principles-persistence-clean-session-50": _NOT_MQTT_5,
    "topics-dbirth-metrics": _is_whole("DBIRTH"),
    "topics-dbirth-mqtt": sent_as("DBIRTH", qos=0, is_retained=False),
    "topics-dbirth-seq": in_sequence("DBIRTH"),
    "topics-dbirth-timestamp": each(["DBIRTH"], has_time),
    "topics-dbirth-topic": topic_of("DBIRTH"),
    "topics-nbirth-bdseq-included": _BDSEQ,
    "topics-nbirth-bdseq-matching": births_carry_bdseq_of_the_will,
    "topics-nbirth-metrics": _is_whole("NBIRTH"),
    "topics-nbirth-mqtt": sent_as("NBIRTH", qos=0, is_retained=False),
    "topics-nbirth-rebirth-metric": _REBIRTH,
    "topics-nbirth-seq-num": each(["NBIRTH"], lambda m: m.payload.seq == 0 and has_seq(m)),
    "topics-nbirth-timestamp": each(["NBIRTH"], has_time),
    "topics-nbirth-topic": topic_of("NBIRTH"),
    "topics-ndeath-payload": _BDSEQ_ALONE,
    "topics-ndeath-seq": _NO_SEQ,
}

SESSION_TERMINATION: dict[str, Check] = {
    "message-flow-edge-node-birth-publish-will-message-topic": will(
        lambda m: m.topic == DEATH_TOPIC
    ),
    "operational-behavior-device-ddeath": lost_devices_die,
    "operational-behavior-edge-node-intentional-disconnect-ndeath": _SAYS_DEATH,
    "operational-behavior-edge-node-intentional-disconnect-packet": _SAYS_DEATH,
    "payloads-ddeath-seq": each(["DDEATH"], has_seq),
    "payloads-ddeath-seq-inc": in_sequence("DDEATH"),
    "payloads-ddeath-seq-number": each(["DDEATH"], has_seq),
    "payloads-ddeath-timestamp": each(["DDEATH"], has_time),
    "payloads-ndeath-will-message-publisher": each_end_is_told,
    "payloads-ndeath-will-message-publisher-disconnect-mqtt311": _SAYS_DEATH,
    "payloads-ndeath-will-message-publisher-disconnect-mqtt50": _NOT_MQTT_5,
    "topics-ddeath-mqtt": sent_as("DDEATH", qos=0, is_retained=False),
    "topics-ddeath-seq-num": in_sequence("DDEATH"),
    "topics-ddeath-topic": topic_of("DDEATH"),
    "topics-ndeath-topic": deaths(lambda m: m.topic == DEATH_TOPIC),
}

CLASSES = {
    "MultipleBrokerTest": MULTIPLE_BROKERS,
    "PrimaryHostTest": PRIMARY_HOST,
    "ReceiveCommandTest": RECEIVE_COMMAND,
    "SendComplexDataTest": SEND_COMPLEX_DATA,
    "SendDataTest": SEND_DATA,
    "SessionEstablishmentTest": SESSION_ESTABLISHMENT,
    "SessionTerminationTest": SESSION_TERMINATION,
}
