"""The record types of the archive: the one literal list that API and pages are made from."""

from hub.archive.alert_rules.records import AlertLimit, AlertRule, MaintenanceWindow
from hub.archive.areas.records import Area
from hub.archive.chains.records import Chain
from hub.archive.competitors.records import Competitor, CompetitorPrice
from hub.archive.contracts.records import Contract
from hub.archive.custom_fields.records import CustomField
from hub.archive.customers.records import Customer, CustomerClass, Member, MemberTier
from hub.archive.documents.records import Document
from hub.archive.duty.records import NoticeRoute, OnCallShift
from hub.archive.equipment.devices import StoreDevice
from hub.archive.equipment.records import Equipment, EquipmentModel, SparePart
from hub.archive.feedback.records import UserFeedback
from hub.archive.health.records import Condition, HealthProfile
from hub.archive.openings.records import OpeningBalance
from hub.archive.partners.records import Partner
from hub.archive.person_requests.records import PersonRequest
from hub.archive.plans.records import MaintenancePlan
from hub.archive.playbooks.records import PlaybookEntry
from hub.archive.policies.records import Policy
from hub.archive.prices.records import PriceList
from hub.archive.products.records import Product, ProductCategory, ScaleLayout
from hub.archive.promotions.records import Promotion
from hub.archive.purchase_orders.records import PurchaseOrder
from hub.archive.regions.records import Region
from hub.archive.safety.records import Drill, SecurityCase
from hub.archive.services.records import Package, Service
from hub.archive.staff.records import Certificate, Employee, Post, Skill
from hub.archive.stocktakes.records import Stocktake
from hub.archive.stores.records import Holiday, Store
from hub.archive.suppliers.records import Supplier, SupplierItem
from hub.archive.teams.records import Team
from hub.archive.webhooks.records import Webhook
from hub.kit.db import Record
from hub.security.records import User

RECORD_TYPES: tuple[type[Record], ...] = (
    Store,
    Area,
    Holiday,
    Document,
    Equipment,
    EquipmentModel,
    SparePart,
    MaintenancePlan,
    StoreDevice,
    Employee,
    Certificate,
    Post,
    Skill,
    Product,
    ProductCategory,
    ScaleLayout,
    PriceList,
    Promotion,
    Service,
    Package,
    Supplier,
    SupplierItem,
    PurchaseOrder,
    Stocktake,
    OpeningBalance,
    Contract,
    Customer,
    Member,
    CustomerClass,
    MemberTier,
    HealthProfile,
    Condition,
    Competitor,
    CompetitorPrice,
    Team,
    Policy,
    Partner,
    PlaybookEntry,
    AlertRule,
    AlertLimit,
    MaintenanceWindow,
    NoticeRoute,
    OnCallShift,
    Webhook,
    Region,
    Chain,
    User,
    UserFeedback,
    PersonRequest,
    Drill,
    SecurityCase,
    CustomField,
)
