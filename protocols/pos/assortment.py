"""What a neighbourhood convenience store sells: names, prices in fen, and when people want it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Want(Enum):
    """How much an article is wanted at each time of day, as (from hour, weight) steps."""

    ALL_DAY = ((0, 1.0),)
    BREAKFAST = ((0, 0.1), (6, 3.2), (10, 0.4), (14, 0.15))
    LUNCH = ((0, 0.1), (10, 0.8), (11, 3.4), (14, 0.5), (17, 1.6), (20, 0.3))
    AFTERNOON = ((0, 0.3), (9, 0.8), (13, 1.9), (18, 0.9))
    EVENING = ((0, 0.5), (11, 0.4), (17, 1.8), (20, 2.4))

    def at(self, hour: int) -> float:
        steps: tuple[tuple[int, float], ...] = self.value
        return next(weight for first, weight in reversed(steps) if hour >= first)


@dataclass(frozen=True, slots=True)
class Product:
    """`cabinet` is the device whose door is opened to take it."""

    name: str
    code: str
    price_cents: int
    want: Want
    weight: float
    cabinet: str | None = None
    tax_percent: Decimal = Decimal(13)
    is_weighed: bool = False  # price is of one kilogram


def _ean13(number: int) -> str:
    """A code of the range that GS1 keeps for use inside a company."""
    digits = f"2{number:011d}"
    odd, even = (sum(map(int, digits[start::2])) for start in (0, 1))
    return f"{digits}{-(odd + 3 * even) % 10}"


def _shelf(
    first: int, want: Want, cabinet: str | None, *rows: tuple[str, int, float]
) -> tuple[Product, ...]:
    tax = Decimal(9) if cabinet == "cabinet-2" else Decimal(13)
    return tuple(
        Product(name, _ean13(first + place), price, want, weight, cabinet, tax)
        for place, (name, price, weight) in enumerate(rows)
    )


PRODUCTS: tuple[Product, ...] = (
    *_shelf(
        1100,
        Want.ALL_DAY,
        "cabinet-1",
        ("饮用天然水 550ml", 200, 3.4),
        ("气泡水 白桃味 480ml", 500, 1.8),
        ("无糖乌龙茶 500ml", 550, 2.2),
        ("茉莉花茶 500ml", 450, 1.6),
        ("冰红茶 500ml", 350, 1.8),
        ("可乐 330ml", 300, 2.0),
        ("运动饮料 500ml", 600, 1.2),
        ("鲜榨橙汁 300ml", 1290, 0.6),
    ),
    *_shelf(
        1200,
        Want.EVENING,
        "cabinet-1",
        ("啤酒 500ml 罐装", 600, 1.5),
        ("精酿啤酒 330ml", 1490, 0.4),
        ("果味酒 275ml", 1180, 0.4),
    ),
    *_shelf(
        1300,
        Want.BREAKFAST,
        "cabinet-2",
        ("鲜牛奶 250ml", 550, 1.6),
        ("原味酸奶 200g", 680, 1.3),
        ("豆浆 300ml", 400, 1.4),
        ("三明治 火腿鸡蛋", 890, 1.4),
    ),
    *_shelf(
        1400,
        Want.LUNCH,
        "cabinet-2",
        ("饭团 金枪鱼", 690, 1.9),
        ("饭团 照烧鸡", 690, 1.6),
        ("便当 红烧牛肉饭", 2280, 1.3),
        ("便当 宫保鸡丁饭", 1880, 1.5),
        ("凉拌荞麦面", 1590, 0.8),
        ("鸡胸肉沙拉", 1980, 0.8),
        ("水果杯 250g", 1290, 0.7),
    ),
    *_shelf(
        1500,
        Want.AFTERNOON,
        "freezer-1",
        ("香草雪糕", 600, 0.8),
        ("绿豆冰棒", 300, 0.6),
        ("巧克力脆皮冰淇淋", 980, 0.6),
        ("速冻水饺 500g", 1990, 0.25),
    ),
    *_shelf(
        2100,
        Want.BREAKFAST,
        None,
        ("鲜肉包", 300, 2.4),
        ("茶叶蛋", 250, 2.2),
        ("现磨美式咖啡", 1200, 1.7),
        ("现磨拿铁咖啡", 1600, 1.8),
        ("吐司面包 400g", 1180, 0.5),
        ("玉米 半根", 500, 0.8),
    ),
    *_shelf(
        2200,
        Want.LUNCH,
        None,
        ("关东煮 鱼豆腐", 350, 1.4),
        ("关东煮 萝卜", 250, 1.0),
        ("烤肠", 500, 1.6),
        ("方便面 红烧牛肉", 550, 0.9),
    ),
    *_shelf(
        2300,
        Want.AFTERNOON,
        None,
        ("薯片 原味 75g", 790, 1.0),
        ("海苔脆 36g", 990, 0.5),
        ("巧克力 43g", 850, 0.8),
        ("口香糖", 690, 0.7),
        ("坚果混合 60g", 1590, 0.4),
        ("苏打饼干 100g", 650, 0.6),
    ),
    *_shelf(
        2400,
        Want.EVENING,
        None,
        ("辣条 106g", 500, 0.7),
        ("瓜子 160g", 980, 0.4),
        ("卤味鸭脖 120g", 1690, 0.5),
        ("自热火锅", 2590, 0.2),
    ),
    *_shelf(
        2500,
        Want.ALL_DAY,
        None,
        ("纸巾 便携装", 300, 0.8),
        ("湿巾 10片", 590, 0.4),
        ("牙刷 软毛", 990, 0.15),
        ("电池 5号 4节", 1680, 0.15),
        ("雨伞 折叠", 3900, 0.05),
        ("充电线", 2900, 0.1),
        ("口罩 10只", 1290, 0.2),
        ("打火机", 200, 0.5),
    ),
    Product("红富士苹果", "2600001", 1396, Want.AFTERNOON, 0.3, None, Decimal(9), True),
    Product("香蕉", "2600002", 996, Want.BREAKFAST, 0.4, None, Decimal(9), True),
)
