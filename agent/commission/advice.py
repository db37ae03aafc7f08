"""What to do about an error of a wire, in plain words; the technical sentence stays beside it."""

from agent.words import T, plain

_ADVICE = (  # the first whose words are in the sentence
    (
        "is not asked for",
        T(
            "仍无应答：请检查设备电源、A/B 线和站号。",
            "Still silent: check its power, the A and B wires and its unit id.",
        ),
    ),
    (
        "no answer within",
        T(
            "没有应答：请检查设备是否通电、A/B 线是否接反、站号和波特率是否一致。",
            "It does not answer: check its power, whether A and B are swapped, "
            "its unit id and its speed.",
        ),
    ),
    (
        "no valid frame",
        T(
            "收到乱码：可能波特率或校验不对、两台设备站号相同，或缺少终端电阻。",
            "It answers gibberish: wrong speed or parity, two devices with one unit id, "
            "or no terminating resistor.",
        ),
    ),
    (
        "out of step",
        T(
            "应答错位：线路干扰或设备过慢，请检查屏蔽线，并加大 timeout_s。",
            "Answers come late: check the cable's shield, and make timeout_s longer.",
        ),
    ),
    (
        "adapter plugged in",
        T("串口不见了：请插好 USB 转换器。", "The port is gone: plug the USB adapter in."),
    ),
    (
        "group dialout",
        T(
            "没有串口权限：请把采集端用户加入 dialout 组。",
            "No right to use the port: add the agent's user to the group dialout.",
        ),
    ),
    (
        "another program uses it",
        T("串口被其他程序占用：请先关闭它。", "Another program uses the port: stop that first."),
    ),
    (
        "no serial port",
        T("这不是串口：请用 scan 查看串口名称。", "That is no serial port: see scan for names."),
    ),
    (
        "no such chip",
        T(
            "本机没有这个 GPIO 芯片：请用 gpiodetect 查看。",
            "This machine has no such GPIO chip: see gpiodetect.",
        ),
    ),
    (
        "no such line",
        T("没有这个 GPIO 编号：请用 gpioinfo 查看。", "There is no such GPIO line: see gpioinfo."),
    ),
    (
        "overlay uses the line",
        T(
            "GPIO 已被占用：请换一个引脚，或关闭占用它的功能。",
            "The GPIO is in use: take another one, or switch off what uses it.",
        ),
    ),
    (
        "group gpio",
        T(
            "没有 GPIO 权限：请把采集端用户加入 gpio 组。",
            "No right to use the GPIO: add the agent's user to the group gpio.",
        ),
    ),
    (
        "cannot be reached",
        T(
            "网络上找不到该设备：请检查电源、网线和 IP 地址。",
            "It is not on the network: check its power, cable and IP address.",
        ),
    ),
    (
        "connection lost",
        T(
            "连接中断：请检查网线；许多设备同时只接受一个连接。",
            "The connection broke: check the cable; many devices take one connection only.",
        ),
    ),
    (
        "gateway",
        T(
            "网关在，但网关后面的设备没有应答：请检查其接线和站号。",
            "The gateway is there, but the device behind it is silent: check its wires and id.",
        ),
    ),
    (
        "illegal",
        T(
            "设备拒绝了读取：型号配置可能不对，请用 probe 重新识别。",
            "The device refused the question: the profile may be wrong; identify it with probe.",
        ),
    ),
    (
        "nothing listens",
        T(
            "服务器没有在运行，或端口不对。",
            "Nothing listens there: is it running, is the port right?",
        ),
    ),
    (
        "certificate",
        T(
            "服务器证书被拒绝：请检查本机时间、网址中的主机名和 CA 文件。",
            "The certificate was refused: check this machine's clock, "
            "the host name in url and ca_file.",
        ),
    ),
    (
        "cannot be found",
        T(
            "找不到该主机名：请检查网址和网络。",
            "That name is not known: check url and the network.",
        ),
    ),
    (
        "was heard of it",
        T(
            "启动后一直没有收到数据：请检查接线、波特率或主题。",
            "Nothing was heard since the start: check its cable, speed or topic.",
        ),
    ),
    (
        "has said nothing",
        T(
            "设备久未发数据：请检查电源和网络。",
            "It has been silent too long: check power, network.",
        ),
    ),
    (
        "was it unplugged",
        T("串口断开：请插好 USB 转换器。", "The port went away: was the adapter unplugged?"),
    ),
)
_UNKNOWN = T("请检查电源、接线和设置。", "Check power, wires and settings.")


def advice(sentence: str) -> T:
    """What to do, from the technical sentence of a ProtocolError or of the MQTT client."""
    return next((todo for words, todo in _ADVICE if words in sentence), _UNKNOWN)


def explained(sentence: str) -> T:
    """The advice with the technical sentence in brackets, for who wants to know."""
    todo = advice(sentence)
    detail = plain(f" ({sentence.rstrip('.')})")
    return todo + detail
