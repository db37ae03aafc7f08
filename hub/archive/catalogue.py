"""The record types of the archive: the one literal list that API and pages are made from."""

from hub.archive.areas.records import Area
from hub.archive.chains.records import Chain
from hub.archive.duty.records import NoticeRoute, OnCallShift
from hub.archive.equipment.records import Equipment
from hub.archive.playbooks.records import PlaybookEntry
from hub.archive.products.records import Product, ProductCategory
from hub.archive.regions.records import Region
from hub.archive.stores.records import Store
from hub.archive.suppliers.records import Supplier
from hub.kit.db import Record
from hub.security.records import User

RECORD_TYPES: tuple[type[Record], ...] = (
    Store,
    Area,
    Equipment,
    Product,
    ProductCategory,
    Supplier,
    PlaybookEntry,
    NoticeRoute,
    OnCallShift,
    Region,
    Chain,
    User,
)
