"""The play-book's pages on causes that machines show over hours and days."""

from hub.alerts.play import Play
from hub.detection.findings import Rule
from hub.errors import T

PLAYS_OF_CAUSES: dict[Rule, Play] = {
    Rule.OWN: Play(
        T("自定义规则", "A rule of your own"),
        T(
            "{name}：{condition_zh}；当前 {value}。",
            "{name}: {condition_en}; now {value}.",
        ),
        T("本连锁自己写的条件成立。", "A condition that the chain wrote itself holds."),
        (T("按规则说明处理。", "Do what the rule was written for."),),
    ),
    Rule.DEFROST_FAILED: Play(
        T("化霜不彻底", "Defrost does not thaw"),
        T(
            "连续两次化霜，蒸发器最高只到 {value} °C，平时 {usual} °C。",
            "Two defrosts in a row: the coil reached {value} °C only, usually {usual} °C.",
        ),
        T(
            "化霜加热器烧断、化霜时间太短，或终止探头偏移。",
            "A burnt heater, too short a defrost, or a moved end probe.",
        ),
        (
            T("测量化霜加热器的电流。", "Measure the current of the defrost heater."),
            T("核对化霜时长和终止温度。", "Check its length and its end temperature."),
            T("结冰前先手动化霜一次。", "Defrost by hand before ice builds up."),
        ),
    ),
    Rule.PROBE_FAULT: Play(
        T("探头故障", "Probe fault"),
        T(
            "读数来回跳动 {value} K，平时 {usual} K。",
            "The reading jumps back and forth by {value} K, usually {usual} K.",
        ),
        T("探头进水、接线松动，或探头断路、短路。", "A wet probe, a loose wire, or a broken one."),
        (
            T("检查探头接线和接头。", "Check the wiring and plugs of the probe."),
            T("用温度计核对；必要时更换探头。", "Compare with a thermometer; replace if needed."),
        ),
    ),
    Rule.PROBE_DRIFT: Play(
        T("两支探头读数偏离", "Two probes drift apart"),
        T(
            "两支探头相差 {value} K，平时相差 {usual} K。",
            "Two probes of the machine differ by {value} K, usually by {usual} K.",
        ),
        T("其中一支老化或移位。", "One of the two has aged or was moved."),
        (
            T("用校准温度计核对两支探头。", "Compare both with a calibrated thermometer."),
            T("更换偏离的一支，或修正其偏移量。", "Replace the wrong one, or set its offset."),
        ),
    ),
    Rule.REFRIGERANT_LOW: Play(
        T("制冷剂缓慢泄漏", "Slow refrigerant loss"),
        T(
            "近一天运转 {value} %，平时 {usual} %，制冷效果却在下降。",
            "On {value} % of a day, usually {usual} %, while it cools less and less.",
        ),
        T("接头或盘管微漏，制冷剂不足。", "A small leak at a joint or coil: too little charge."),
        (
            T("请制冷维修查漏并补充制冷剂。", "Have the leak found and the charge topped up."),
            T("登记补充量，用于泄漏检查记录。", "Write down how much, for the leak record."),
        ),
    ),
    Rule.KINETIC_HIGH: Play(
        T("平均动力学温度偏高", "Mean kinetic temperature too high"),
        T(
            "近一天的平均动力学温度 {value} °C，限值 {limit} °C，平时 {usual} °C。",
            "A day's mean kinetic temperature is {value} °C, limit {limit} °C, usually {usual} °C.",
        ),
        T(
            "多次短时升温累积，商品老化加快，尽管没有一次超限很久。",
            "Many short warm spells add up: goods age faster though no spell was long.",
        ),
        (
            T("查看曲线，找出升温的时段。", "Look in the chart when it gets warm."),
            T("减少开门时间，检查化霜次数。", "Open doors for less time; check the defrosts."),
            T("抽查商品质量和保质期。", "Look at the goods and their dates."),
        ),
    ),
    Rule.LIMIT_AHEAD: Play(
        T("将要超限", "Limit ahead"),
        T(
            "当前 {value} °C；照此趋势约 {hours} 小时后到 {limit} °C。",
            "Now {value} °C; if it goes on, it reaches {limit} °C in {hours} h.",
        ),
        T(
            "制冷能力下降：制冷剂不足、冷凝器脏堵、风机或压缩机故障。",
            "It cools less: low charge, a dirty condenser, a failing fan or compressor.",
        ),
        (
            T("检查柜门、风机和冷凝器。", "Check door, fan and condenser."),
            T("提前安排维修，准备转移商品。", "Call service now; get ready to move the goods."),
        ),
    ),
    Rule.FLEET_OUTLIER: Play(
        T("比同型号更费力", "Works harder than its like"),
        T(
            "运转 {value} % 的时间，其他门店的同型号为 {usual} %。",
            "On {value} % of the time; the same model elsewhere {usual} %.",
        ),
        T(
            "门封漏冷、冷凝器脏堵、制冷剂不足，或摆放太靠近热源。",
            "A leaking seal, a dirty condenser, low charge, or a place too warm.",
        ),
        (
            T("清洁冷凝器，检查门封条。", "Clean the condenser; check the seals."),
            T("看周围是否有热源或阳光。", "Look for heat or sunshine around it."),
        ),
    ),
    Rule.HEAT_AND_COOL: Play(
        T("同时制热和制冷", "Heats and cools at once"),
        T(
            "制热 {value} %，同时制冷 {usual} %。",
            "Heating at {value} % and cooling at {usual} % at the same time.",
        ),
        T(
            "阀门关不严、设定值死区太小，或两个控制器互相对抗。",
            "A valve that does not close, too small a dead band, or two controllers at odds.",
        ),
        (
            T("核对制热、制冷设定值之间的死区。", "Check the dead band between the setpoints."),
            T("检查阀门和执行器。", "Check valves and actuators."),
        ),
    ),
    Rule.FILTER_CLOGGED: Play(
        T("滤网堵塞", "Filter clogged"),
        T(
            "送、回风温差 {value} K，平时 {usual} K，风量不足。",
            "Supply and return differ by {value} K, usually {usual} K: too little air.",
        ),
        T("滤网积灰，或送风口被挡住。", "Dust in the filter, or a covered outlet."),
        (
            T("清洗或更换滤网。", "Wash or replace the filter."),
            T("检查送、回风口是否被遮挡。", "See that nothing covers the outlets."),
        ),
    ),
    Rule.SCHEDULE_OVERRIDE: Play(
        T("非运行时段运转", "Runs outside its hours"),
        T(
            "这个时段平时从不运转，现在正在运转。",
            "It never runs at this hour of the week, and it does now.",
        ),
        T("手动开机后忘记关，或定时被改动。", "Switched on by hand and forgotten, or retimed."),
        (
            T("确认是否有人在店内需要它。", "Ask whether somebody in the store needs it."),
            T("恢复自动定时。", "Put it back on its schedule."),
        ),
    ),
    Rule.NIGHT_LOAD: Play(
        T("夜间用电偏高", "High load at night"),
        T(
            "夜间平均 {value} W，平时 {usual} W。",
            "{value} W on average at night, usually {usual} W.",
        ),
        T(
            "照明、空调或加热设备忘记关，或制冷设备在费力运转。",
            "Lights, heating or air conditioning left on, or cooling that works too hard.",
        ),
        (
            T("核对下班关机清单。", "Go through the closing list."),
            T("对比各设备夜间功率。", "Compare the machines' power at night."),
        ),
    ),
    Rule.PHASE_LOSS: Play(
        T("缺相", "Phase lost"),
        T("一相只有 {value} V，其他相 {usual} V。", "One phase has {value} V, the best {usual} V."),
        T(
            "保险丝熔断、断路器一极断开，或供电侧断线。",
            "A blown fuse, an open pole, or the mains.",
        ),
        (
            T("立即停用三相电机，以免烧毁。", "Switch three-phase motors off now: they burn out."),
            T("检查总开关和保险丝，联系供电公司。", "Check switch and fuses; call the supplier."),
        ),
    ),
}
