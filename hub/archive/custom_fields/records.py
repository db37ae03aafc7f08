"""Fields that a chain adds to its records in a page, without code (CHN-07, OPS-03)."""

import re
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Mapped

from hub.archive.areas.records import Area
from hub.archive.competitors.records import Competitor
from hub.archive.contracts.records import Contract
from hub.archive.customers.records import Customer, Member
from hub.archive.documents.records import Document
from hub.archive.equipment.records import Equipment, EquipmentModel, EquipmentType, SparePart
from hub.archive.partners.records import Partner
from hub.archive.products.records import Product, ProductCategory
from hub.archive.regions.records import Region
from hub.archive.services.records import Package, Service
from hub.archive.staff.records import Certificate, Employee
from hub.archive.stores.records import BusinessType, Store
from hub.archive.suppliers.records import Supplier
from hub.errors import T
from hub.kit.clock import utc_now
from hub.kit.db import Record
from hub.kit.records.declare import RecordType, rights_of
from hub.kit.records.kinds import (
    ADVANCED,
    FILTER,
    KEY,
    LIST,
    SEARCH,
    TITLE,
    Choice,
    choice,
    day,
    labels,
    references,
    text,
    whole,
    yes_no,
)
from hub.kit.records.search import Searchable

EXTENDED: tuple[type[Record], ...] = (
    *(Store, Area, Equipment, EquipmentModel, SparePart, Employee, Certificate),
    *(Product, ProductCategory, Service, Package, Supplier, Contract, Customer, Member),
    *(Document, Competitor, Partner, Region),
)
"""The record types that take fields of a chain's own, and that such a field may name."""


class OfType(Choice):
    """The table of a record type, under its own name."""

    STORES = "stores", "门店", "Store"
    AREAS = "areas", "区", "Area"
    EQUIPMENT = "equipment", "设备", "Equipment"
    EQUIPMENT_TYPES = "equipment_types", "设备型号", "Equipment type"
    SPARE_PARTS = "spare_parts", "备件", "Spare part"
    EMPLOYEES = "employees", "员工", "Employee"
    CERTIFICATES = "certificates", "员工证书", "Certificate"
    PRODUCTS = "products", "商品", "Product"
    PRODUCT_CATEGORIES = "product_categories", "商品分类", "Category"
    SERVICES = "services", "服务项目", "Service"
    PACKAGES = "packages", "套餐", "Package"
    SUPPLIERS = "suppliers", "供应商", "Supplier"
    CONTRACTS = "contracts", "合同", "Contract"
    CUSTOMERS = "customers", "顾客", "Customer"
    MEMBERS = "members", "会员", "Member"
    DOCUMENTS = "documents", "文件", "Document"
    COMPETITORS = "competitors", "竞争对手", "Competitor"
    PARTNERS = "partners", "加盟商", "Partner"
    REGIONS = "regions", "区域", "Region"


class FieldKind(Choice):
    TEXT = "text", "文字", "Text"
    LONG_TEXT = "long_text", "多行文字", "Several lines"
    WHOLE = "whole", "整数", "Whole number"
    DECIMAL = "decimal", "小数", "Decimal"
    MONEY = "money", "金额", "Money"
    CHOICE = "choice", "单选", "Choice"
    YES_NO = "yes_no", "是否", "Yes or no"
    DAY = "day", "日期", "Date"
    REFERENCE = "reference", "关联记录", "Link to a record"


_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")
_FIXED = ("of_type", "code", "kind")


def _code_problem(value: str) -> T | None:
    if _CODE.fullmatch(value):
        return None
    return T(
        "小写字母开头，只用小写字母、数字和下划线。",
        "Begins with a small letter; small letters, digits and underscores only.",
    )


class CustomField(Searchable, Record):
    """One field: what it is called, what it holds, and which records have it.

    Archived it is shown no more; what records hold of it stays, and is back when it is restored.
    """

    __tablename__ = "custom_fields"
    __record__ = RecordType(
        label=T("自定义字段", "Custom fields"),
        one=T("自定义字段", "Custom field"),
        rights="custom_fields",
        order="position",
        start=T(
            "给任何一类档案加上自己的字段，例如门店的“座位数”。",
            "Add a field of your own to any part of the archive, such as the seats of a store.",
        ),
    )

    of_type: Mapped[OfType] = choice("用于", "Belongs to", OfType, LIST | FILTER)
    label_zh: Mapped[str] = text("名称", "Name in Chinese", LIST | SEARCH | TITLE, max=40)
    kind: Mapped[FieldKind] = choice(
        "类型", "Kind", FieldKind, LIST | FILTER, default=FieldKind.TEXT
    )
    code: Mapped[str] = text(
        "代码",
        "Code",
        LIST | SEARCH | KEY,
        max=30,
        check=_code_problem,
        hint=T("接口里的名字，如 seats，以后不变。", "Its name in the API, as seats; it stays."),
    )
    label_en: Mapped[str | None] = text("英文名称", "Name in English", LIST | SEARCH, max=40)
    choices: Mapped[list[str] | None] = labels("选项", "Choices")
    choices_en: Mapped[list[str] | None] = labels("选项（英文）", "Choices in English")
    unit: Mapped[str | None] = text(
        "单位",
        "Unit",
        max=12,
        hint=T("如 m²、kg；金额写货币，如 CNY。", "Such as m², kg; of money the currency, as CNY."),
    )
    target: Mapped[OfType | None] = choice("关联到", "Links to", OfType)
    required_from: Mapped[date | None] = day("从这天起必填", "Required from")
    in_list: Mapped[bool] = yes_no("显示在列表", "Shown in lists", default=False)
    hint: Mapped[str | None] = text("填写提示", "Hint", ADVANCED, max=120)
    hint_en: Mapped[str | None] = text("填写提示（英文）", "Hint in English", ADVANCED, max=120)
    position: Mapped[int] = whole("顺序", "Order", ADVANCED | LIST, le=1000, default=100)
    is_personal: Mapped[bool] = yes_no("个人信息", "Personal data", ADVANCED, default=False)
    business_types: Mapped[list[str] | None] = labels("只用于业态", "Only for trades", ADVANCED)
    category_ids: Mapped[list[UUID] | None] = references(
        "只用于商品分类", "Only for categories", "product_categories", ADVANCED
    )
    equipment_types: Mapped[list[str] | None] = labels(
        "只用于设备类型", "Only for types of equipment", ADVANCED
    )

    def problems(self) -> Iterator[tuple[str, T]]:
        yield from self._of_kind()
        yield from self._of_place()
        yield from self._of_change()

    def _of_kind(self) -> Iterator[tuple[str, T]]:
        if self.kind is FieldKind.CHOICE and not self.choices:
            yield "choices", T("写上可选的词。", "Say what there is to choose from.")
        if self.choices_en and len(self.choices_en) != len(self.choices or ()):
            yield "choices_en", T("与中文选项一样多。", "As many as in Chinese, in their order.")
        if self.kind is FieldKind.REFERENCE and not self.target:
            yield "target", T("选择关联到哪一类。", "Choose what it links to.")

    def _of_place(self) -> Iterator[tuple[str, T]]:
        model = model_of_type(self.of_type)
        if self.is_personal and "personal" not in rights_of(model):
            yield (
                "is_personal",
                T(
                    "这一类没有个人信息的权限。",
                    "Nobody has a right to personal data of this type.",
                ),
            )
        if self.is_personal and self.kind not in (FieldKind.TEXT, FieldKind.LONG_TEXT):
            yield "is_personal", T("只有文字能遮盖。", "Only texts can be masked.")
        if self.category_ids and model is not Product:
            yield "category_ids", T("只有商品有分类。", "Only products have a category.")
        if self.equipment_types and model is not Equipment:
            yield "equipment_types", T("只有设备有类型。", "Only equipment has a type.")
        for name, known in (("business_types", BusinessType), ("equipment_types", EquipmentType)):
            if wrong := [one for one in getattr(self, name) or () if not named(known, one)]:
                words = "、".join(member.label.zh for member in known)
                english = ", ".join(member.label.en for member in known)
                yield (
                    name,
                    T(f"没有“{wrong[0]}”，有：{words}。", f"No “{wrong[0]}”; there are {english}."),
                )

    def _of_change(self) -> Iterator[tuple[str, T]]:
        """Values are kept by the code, in the form of the kind."""
        state = inspect(self)
        for name in _FIXED if state.persistent else ():
            if state.attrs[name].history.deleted:
                yield (
                    name,
                    T("建好后不能再改，可另建一个。", "This stays; add another field instead."),
                )


def model_of_type(of_type: Choice) -> type[Record]:
    return next(model for model in EXTENDED if model.__tablename__ == of_type.value)


def named(known: type[Choice], word: str) -> Choice | None:
    """The choice that people mean by a word in either language."""
    plain = word.casefold()
    for one in known:
        if plain in (one.value, one.label.zh.casefold(), one.label.en.casefold()):
            return one
    return None


def is_required(row: CustomField) -> bool:
    return row.required_from is not None and row.required_from <= utc_now().date()
