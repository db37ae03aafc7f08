"""The play-book: for each rule what it means, why it usually happens, and what to do (ALR-05)."""

from collections.abc import Mapping
from typing import Any

from hub.alerts.play import Play
from hub.alerts.plays_of_causes import PLAYS_OF_CAUSES
from hub.detection.findings import Rule
from hub.errors import T

PLAYBOOK: dict[Rule, Play] = {
    Rule.TEMPERATURE_HIGH: Play(
        T("温度偏高", "Too warm"),
        T(
            "当前 {value} °C，平时 {usual} °C，上限 {limit} °C。",
            "Now {value} °C, usually {usual} °C, limit {limit} °C.",
        ),
        T(
            "制冷剂泄漏、压缩机或风机故障、蒸发器结冰，或柜门没有关好。",
            "Lost refrigerant, a failed compressor or fan, an iced evaporator, or a door ajar.",
        ),
        (
            T("检查柜门和门封条是否关严。", "Check that the door and its seal close."),
            T(
                "听压缩机是否运转，看蒸发器是否结冰。",
                "Listen for the compressor; look for ice on the evaporator.",
            ),
            T(
                "测量商品温度；超过安全限值的商品移走或报废。",
                "Measure the goods; move or discard what is above its safe limit.",
            ),
            T("仍不降温时通知制冷维修。", "If it does not cool down, call refrigeration service."),
        ),
    ),
    Rule.TEMPERATURE_LOW: Play(
        T("温度偏低", "Too cold"),
        T(
            "当前 {value} °C，平时 {usual} °C，下限 {limit} °C。",
            "Now {value} °C, usually {usual} °C, limit {limit} °C.",
        ),
        T(
            "设定值被改动、温控器或电磁阀卡住，或探头移位。",
            "A changed setpoint, a stuck thermostat or valve, or a moved probe.",
        ),
        (
            T("核对控制器上的设定值。", "Compare the setpoint on the controller."),
            T("检查怕冻商品是否受损。", "Check goods that must not freeze."),
            T("用温度计核对探头。", "Compare the probe with a thermometer."),
        ),
    ),
    Rule.VALUE_HIGH: Play(
        T("数值过高", "Value too high"),
        T("当前 {value}，上限 {limit}。", "Now {value}, limit {limit}."),
        T("设备过载，或供电、环境异常。", "An overload, or trouble with supply or surroundings."),
        (
            T("查看设备和周围环境。", "Look at the device and its surroundings."),
            T("持续超限时通知维修。", "Call service if it stays above the limit."),
        ),
    ),
    Rule.VALUE_LOW: Play(
        T("数值过低", "Value too low"),
        T("当前 {value}，下限 {limit}。", "Now {value}, limit {limit}."),
        T("供电缺相、电池耗尽，或环境异常。", "A lost phase, an empty battery, or surroundings."),
        (
            T("查看配电箱和设备供电。", "Look at the distribution board and the supply."),
            T("持续过低时通知维修。", "Call service if it stays below the limit."),
        ),
    ),
    Rule.SENSOR_STUCK: Play(
        T("读数不变", "Reading stands still"),
        T(
            "读数长时间停在 {value}，平时会波动。",
            "The reading has stood at {value}; usually it moves.",
        ),
        T("探头故障或接线松动。", "A broken probe or a loose wire."),
        (
            T("检查探头接线。", "Check the wiring of the probe."),
            T("与另一支温度计比较，必要时更换。", "Compare it with another; replace it if needed."),
        ),
    ),
    Rule.DOOR_OPEN: Play(
        T("柜门未关", "Door left open"),
        T("柜门一直开着。", "The door stays open."),
        T("补货后忘记关门，或门封条损坏。", "Left open after stocking, or a worn seal."),
        (
            T("请店员立即关门。", "Ask staff to close the door now."),
            T("关不严时检查门封条和铰链。", "If it does not close, check seal and hinges."),
        ),
    ),
    Rule.DEFROST_LONG: Play(
        T("化霜过长", "Defrost too long"),
        T("化霜没有按时结束。", "The defrost did not end in time."),
        T(
            "化霜终止探头故障，或加热器继电器粘连。",
            "A failed defrost probe or a welded heater relay.",
        ),
        (
            T("在控制器上手动结束化霜。", "End the defrost at the controller."),
            T("检查化霜探头和继电器。", "Check the defrost probe and the relay."),
        ),
    ),
    Rule.SHORT_CYCLING: Play(
        T("压缩机频繁启停", "Compressor short cycling"),
        T(
            "每小时启动 {value} 次，平时 {usual} 次。",
            "{value} starts an hour, usually {usual}.",
        ),
        T(
            "温控回差过小、低压开关跳动、制冷剂不足，或探头靠近出风口。",
            "A narrow differential, a fluttering pressure switch, low charge, or a moved probe.",
        ),
        (
            T("核对控制器的回差和最短停机时间。", "Check differential and shortest rest."),
            T("检查吸气压力和低压开关。", "Check suction pressure and the low-pressure switch."),
            T("频繁启停会烧毁压缩机，请一周内维修。", "It wears the compressor out: repair soon."),
        ),
    ),
    Rule.NEVER_RESTS: Play(
        T("压缩机不停机", "Compressor never rests"),
        T(
            "近四小时运转 {value} %，平时 {usual} %。",
            "On {value} % of four hours, usually {usual} %.",
        ),
        T(
            "冷凝器脏堵、制冷剂缓慢泄漏、门封漏冷，或热货入柜。",
            "A dirty condenser, slow refrigerant loss, a leaking seal, or warm goods put in.",
        ),
        (
            T("清洁冷凝器，检查冷凝风机。", "Clean the condenser; check its fan."),
            T("检查门封条，询问是否刚补货。", "Check the seal; ask whether goods were put in."),
            T("仍不停机时请制冷维修查漏。", "If it goes on, have the refrigerant checked."),
        ),
    ),
    Rule.DEFROST_OVERDUE: Play(
        T("化霜逾期", "Defrost overdue"),
        T(
            "已 {value} 小时没有化霜，平时间隔 {usual} 小时。",
            "No defrost for {value} h, usually one every {usual} h.",
        ),
        T(
            "化霜定时被关闭或时钟错误，或控制器故障。",
            "The schedule was switched off, the clock is wrong, or the controller failed.",
        ),
        (
            T("在控制器上手动化霜一次。", "Start one defrost at the controller."),
            T("核对化霜定时和控制器时钟。", "Check its schedule and its clock."),
        ),
    ),
    Rule.FAN_STOPPED: Play(
        T("风机停转", "Fan stopped"),
        T("压缩机运转时风机不转。", "The compressor runs and the fan does not."),
        T(
            "风机电机损坏、被冰卡住，或接线松脱。",
            "A failed motor, a fan stuck in ice, or a loose wire.",
        ),
        (
            T("听蒸发器风机是否转动。", "Listen for the evaporator fan."),
            T("有冰时手动化霜；否则更换风机。", "If iced, defrost; else replace the fan."),
        ),
    ),
    Rule.EVAPORATOR_ICED: Play(
        T("蒸发器结冰", "Evaporator iced"),
        T(
            "制冷时蒸发器比柜温低 {value} K，平时 {usual} K。",
            "While cooling {value} K below the air, usually {usual} K.",
        ),
        T(
            "化霜不彻底、门常开，或风机风量不足。",
            "Incomplete defrosts, a door often open, or too little air from the fan.",
        ),
        (
            T("手动化霜至冰融尽。", "Defrost by hand until the ice is gone."),
            T("检查化霜加热器、排水和门封。", "Check defrost heater, drain and door seal."),
        ),
    ),
    Rule.MACHINE_UNUSUAL: Play(
        T("运行状态异常", "Runs unlike itself"),
        T(
            "各测点的配合与往常不同，偏离程度 {value}。",
            "Its channels no longer go together as they did: {value} times the usual.",
        ),
        T(
            "设定被改动、部件老化、探头移位，或使用方式改变。",
            "A changed setting, a worn part, a moved probe, or another way of use.",
        ),
        (
            T("对比曲线，看哪个测点变化最早。", "Compare the charts: which channel changed first?"),
            T("变化是有意的，请标记为无用。", "If the change was meant, vote “not useful”."),
        ),
    ),
    Rule.DEVICE_ALARM: Play(
        T("设备报警", "Device alarm"),
        T("设备自身发出报警。", "The device itself reports an alarm."),
        T("见设备显示屏上的报警代码。", "See the alarm code on its display."),
        (
            T(
                "读取报警代码并按设备手册处理。",
                "Read the alarm code and follow the device's manual.",
            ),
        ),
    ),
    Rule.PAPER_OUT: Play(
        T("缺纸", "Paper out"),
        T("打印纸已用完。", "The printer has no paper."),
        T("纸卷用完或没有装好。", "The roll is empty or badly seated."),
        (T("更换纸卷。", "Put in a new roll."),),
    ),
    Rule.DEVICE_OFFLINE: Play(
        T("终端设备离线", "Device offline"),
        T("{device} 没有应答。", "{device} does not answer."),
        T("断电、通信线松动或设备故障。", "No power, a loose data line, or a broken device."),
        (
            T("检查设备电源和指示灯。", "Check its power and lights."),
            T("检查通信线和接头。", "Check the data line and plugs."),
        ),
    ),
    Rule.POWER_CUT: Play(
        T("门店停电", "Store without power"),
        T(
            "多台设备同时停止应答：{devices}。",
            "Several devices fell silent together: {devices}.",
        ),
        T("市电中断或总开关跳闸。", "The mains failed or the main switch tripped."),
        (
            T("联系门店确认，查看总开关。", "Call the store; look at the main switch."),
            T("停电期间不要打开冷柜。", "Keep cold cabinets closed while it lasts."),
            T("来电后测量商品温度。", "Measure the goods when power is back."),
        ),
    ),
    Rule.AGENT_OFFLINE: Play(
        T("采集端离线", "Agent offline"),
        T("采集端没有消息，门店数据暂停。", "The agent is silent; data of the store has stopped."),
        T(
            "门店断网、断电，或采集端停止运行。",
            "The store has no network or power, or the agent stopped.",
        ),
        (
            T("确认门店网络和电源。", "Check network and power of the store."),
            T(
                "数据保存在采集端，恢复后会自动补传。",
                "The agent keeps the data and sends it when it is back.",
            ),
        ),
    ),
    Rule.COUNTER_DEAD: Play(
        T("客流计数器无计数", "Counter counts nobody"),
        T(
            "{device} 计数 {observed}，平时约 {expected}，而店内仍有顾客。",
            "{device} counted {observed}, usually {expected}, while customers come and buy.",
        ),
        T("计数器被遮挡、移位或损坏。", "The counter is covered, moved or broken."),
        (
            T("检查计数器是否被遮挡。", "See whether something covers the counter."),
            T("重启计数器并走过一次测试。", "Restart it and walk through once."),
        ),
    ),
    Rule.TILL_SILENT: Play(
        T("收银机无小票", "Till is silent"),
        T(
            "{device} 有 {observed} 张小票，平时约 {expected} 张，其他收银机正常。",
            "{device} gave {observed} tickets, usually {expected}; the others work.",
        ),
        T("收银机关机、断线，或未开台。", "It is off, disconnected, or nobody works at it."),
        (
            T("确认该收银机是否在用。", "Ask whether it is in use."),
            T("检查数据线。", "Check its data line."),
        ),
    ),
    Rule.TRAFFIC_DROP: Play(
        T("客流骤降", "Fewer visitors"),
        T(
            "进店 {observed} 人次，平时约 {expected} 人次。",
            "{observed} entries, usually {expected}.",
        ),
        T(
            "天气、道路施工、附近活动，或入口受阻。",
            "Weather, road works, an event nearby, or a blocked entrance.",
        ),
        (
            T("确认入口和门外情况。", "Look at the entrance and outside."),
            T("需要时调整排班。", "Adjust the roster if it lasts."),
        ),
    ),
    Rule.TRAFFIC_SPIKE: Play(
        T("客流激增", "More visitors"),
        T(
            "进店 {observed} 人次，平时约 {expected} 人次。",
            "{observed} entries, usually {expected}.",
        ),
        T("促销、活动或天气。", "A promotion, an event, or the weather."),
        (T("增开收银机，安排补货。", "Open another till; restock."),),
    ),
    Rule.SALES_DROP: Play(
        T("销售骤降", "Sales drop"),
        T(
            "小票 {observed} 张，平时约 {expected} 张；客流是平时的 {traffic_ratio} 倍。",
            "{observed} tickets, usually {expected}; visitors are {traffic_ratio} times the usual.",
        ),
        T(
            "顾客进店但不购买：缺货、排队过长、收银或支付故障。",
            "People come and do not buy: empty shelves, long queues, or payment trouble.",
        ),
        (
            T("确认收银和支付是否正常。", "Check that tills and payment work."),
            T("查看畅销品是否缺货。", "Look whether best sellers are on the shelf."),
            T("查看排队情况。", "Look at the queue."),
        ),
    ),
    Rule.SALES_SPIKE: Play(
        T("销售激增", "Sales rush"),
        T("小票 {observed} 张，平时约 {expected} 张。", "{observed} tickets, usually {expected}."),
        T("促销、活动或大额团购。", "A promotion, an event, or bulk buyers."),
        (T("查看库存，及时补货。", "Look at the stock and replenish."),),
    ),
    Rule.STORE_QUIET: Play(
        T("店内无活动", "Nobody in the store"),
        T(
            "没有客流也没有小票，平时约 {expected} 次。",
            "No visitors and no tickets, usually {expected}.",
        ),
        T("门店未营业、节假日，或入口受阻。", "The store is closed, a holiday, or cut off."),
        (T("联系门店确认是否营业。", "Ask whether the store is open."),),
    ),
    Rule.STORM: Play(
        T("多台设备同时异常", "Many things at once"),
        T("一分钟内多处异常：{devices}。", "Trouble in many places within a minute: {devices}."),
        T(
            "多半是同一个原因：供电、网络、空调，或一次施工。",
            "Most likely one cause: power, network, air conditioning, or works in the store.",
        ),
        (
            T("先看供电和网络。", "Look at power and network first."),
            T("逐条查看下面的预警，找出最早的一条。", "Look below for the one that came first."),
        ),
    ),
    Rule.EXPIRING: Play(
        T("即将到期", "Ends soon"),
        T(
            "到期前要有决定，否则会一再提醒。",
            "Decide before its day; until then you are reminded.",
        ),
        T(
            "合同、证照或员工证书快到有效期末。",
            "A contract, licence or certificate comes to the end of its term.",
        ),
        (
            T(
                "合同：打开记录，选“续签”“重新谈判”或“到期终止”。",
                "Contract: open it and choose to renew, renegotiate or let it end.",
            ),
            T(
                "证照和证书：办好后填写新的有效期。",
                "Licence or certificate: once renewed, enter its new date.",
            ),
            T("不再需要的记录请归档。", "Archive what is no longer needed."),
        ),
    ),
    Rule.STOCK_LOW: Play(
        T("库存不足", "Stock is low"),
        T(
            "可用 {value}，安全库存 {limit}；建议补 {expected}。",
            "{value} available, safety stock {limit}; {expected} would fill it up.",
        ),
        T(
            "卖得比平时快、到货晚了，或账面与实物不符。",
            "It sells faster than usual, a delivery is late, or the books are wrong.",
        ),
        (
            T(
                "先看别的门店有没有多的：在库存页调拨。",
                "See whether another store has too much: transfer it.",
            ),
            T("没有就向供应商订货。", "Otherwise order it."),
            T("账上有、架上没有：盘一下这件商品。", "In the books but not on the shelf: count it."),
        ),
    ),
    **PLAYS_OF_CAUSES,
}


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def says(rule: Rule, evidence: Mapping[str, Any]) -> T:
    """The one sentence about an alert, with its numbers."""
    values = _Values({name: _word(value) for name, value in evidence.items()})
    text = PLAYBOOK[rule].says
    return T(text.zh.format_map(values), text.en.format_map(values))


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return "、".join(value) if isinstance(value, list) else str(value)
