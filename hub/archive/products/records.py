"""Products, their categories and their variants with barcodes (PRD-01, PRD-02, PRD-03)."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, object_session

from hub.archive.products import barcodes
from hub.archive.stores.records import currency_problem
from hub.errors import T
from hub.kit.db import Record
from hub.kit.records.declare import RecordType
from hub.kit.records.kinds import (
    ADVANCED,
    COST,
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    UNIQUE,
    Choice,
    choice,
    decimal,
    long_text,
    money,
    number,
    reference,
    references,
    text,
    whole,
)
from hub.kit.records.lines import Line, lines
from hub.kit.records.search import Searchable


class ProductCategory(Searchable, Record):
    """A branch of the tree that products are reported by."""

    __tablename__ = "product_categories"
    __record__ = RecordType(
        label=T("商品分类", "Categories"),
        one=T("商品分类", "Category"),
        rights="products",
        order="code",
        start=T("先建大类，再建小类。", "Add the main categories, then those within."),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=20)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=80)
    parent_id: Mapped[UUID | None] = reference(
        "上级分类", "Within", "product_categories", LIST | FILTER
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)

    def problems(self) -> Iterator[tuple[str, T]]:
        if self._is_within_itself():
            yield "parent_id", T("分类不能属于自己的下级。", "A category cannot be within itself.")

    def _is_within_itself(self) -> bool:
        session, above = object_session(self), self.parent_id  # a new one is in no session yet
        seen: set[UUID] = set()
        while session and above and above not in seen:
            if above == self.id:
                return True
            seen.add(above)
            parent = session.get(ProductCategory, above)
            above = parent.parent_id if parent else None
        return False


def _digits_problem(text: str) -> T | None:
    if text.isascii() and text.isdecimal():
        return None
    return T("只能是数字。", "Digits only.")


class ScaleLayout(Record):
    """How the shop's scales print an article and its weight or price into one barcode."""

    __tablename__ = "scale_layouts"
    __record__ = RecordType(
        label=T("电子秤条码", "Scale codes"),
        one=T("电子秤条码", "Scale code"),
        rights="products",
        order="name",
        start=T(
            "告诉我们电子秤的条码怎么排，例如 21 + 5 位商品 + 5 位金额。",
            "Say how the scale prints its codes, such as 21, 5 digits of article, 5 of price.",
        ),
    )

    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | KEY | TITLE, max=60)
    prefix: Mapped[str] = text("前缀", "Prefix", LIST, max=3, check=_digits_problem)
    article_digits: Mapped[int] = whole(
        "商品位数", "Digits of the article", LIST, ge=3, le=8, default=5
    )
    price_digits: Mapped[int] = whole("金额位数", "Digits of the price", LIST, le=7, default=5)
    weight_digits: Mapped[int] = whole("重量位数", "Digits of the weight", LIST, le=7, default=0)

    def problems(self) -> Iterator[tuple[str, T]]:
        if not self.price_digits and not self.weight_digits:
            yield "price_digits", T("金额和重量至少要有一个。", "It tells a price or a weight.")


class ProductStatus(Choice):
    ON_SALE = "on_sale", "上架", "On sale"
    OFF_SALE = "off_sale", "下架", "Off sale"
    PLANNED = "planned", "待上架", "Planned"


class ProductVariant(Line):
    """What is scanned and sold: a size or a flavour; a product without choice has one."""

    __tablename__ = "product_variants"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), index=True)
    name: Mapped[str | None] = text("规格", "Variant", SEARCH, max=80)
    barcode: Mapped[str | None] = text(
        "条码", "Barcode", SEARCH | UNIQUE, max=32, check=barcodes.problem
    )
    pack_size: Mapped[int | None] = whole("箱规", "Per case", ge=1, le=100_000)
    price_minor: Mapped[int | None] = money("售价", "Price", currency="currency")


class ProductUnit(Line):
    """Another unit of a product: a case of 24 bottles, with a barcode of its own."""

    __tablename__ = "product_units"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), index=True)
    name: Mapped[str] = text("单位", "Unit", max=20)
    factor_milli: Mapped[int] = decimal("折合基本单位", "In stock units", ge=1)
    barcode: Mapped[str | None] = text(
        "条码", "Barcode", SEARCH | UNIQUE, max=32, check=barcodes.problem
    )


class Product(Searchable, Record):
    """Something the chain sells."""

    __tablename__ = "products"
    __record__ = RecordType(
        label=T("商品", "Products"),
        one=T("商品", "Product"),
        rights="products",
        order="code",
        start=T("登记第一件商品。", "Register the first product."),
        twins=(("name",),),
    )

    code: Mapped[str] = text("编码", "Code", LIST | SEARCH | KEY, max=40)
    name: Mapped[str] = text("名称", "Name", LIST | SEARCH | TITLE, max=120)
    category_id: Mapped[UUID | None] = reference(
        "分类", "Category", "product_categories", LIST | FILTER
    )
    specification: Mapped[str | None] = text("规格说明", "Specification", LIST | SEARCH, max=120)
    unit: Mapped[str] = text("单位", "Unit", LIST, max=20, default="件")
    price_minor: Mapped[int | None] = money("售价", "Price", LIST, currency="currency")
    status: Mapped[ProductStatus] = choice(
        "状态", "Status", ProductStatus, LIST | FILTER, default=ProductStatus.ON_SALE
    )
    supplier_id: Mapped[UUID | None] = reference("供应商", "Supplier", "suppliers", LIST | FILTER)
    brand: Mapped[str | None] = text("品牌", "Brand", SEARCH, max=80)
    shelf_life_days: Mapped[int | None] = whole(
        "保质期", "Shelf life", ADVANCED, unit=T("天", "days"), ge=1, le=36_500
    )
    suitable_for: Mapped[list[UUID] | None] = references(
        "适合", "Suitable for", "conditions", ADVANCED | FILTER
    )
    not_suitable_for: Mapped[list[UUID] | None] = references(
        "不适合", "Not suitable for", "conditions", ADVANCED | FILTER
    )
    advice: Mapped[str | None] = long_text("食用与使用建议", "Usage advice", ADVANCED)
    cost_minor: Mapped[int | None] = money("成本", "Cost", ADVANCED | COST, currency="currency")
    tax_percent: Mapped[float | None] = number("税率", "Tax", ADVANCED, unit="%", le=100)
    currency: Mapped[str] = text(
        "货币", "Currency", ADVANCED, max=3, default="CNY", check=currency_problem
    )
    notes: Mapped[str | None] = long_text("备注", "Notes", ADVANCED)
    variants: Mapped[list[ProductVariant]] = lines("规格与条码", "Variants", ProductVariant, SEARCH)
    units: Mapped[list[ProductUnit]] = lines("单位换算", "Units", ProductUnit, SEARCH)
