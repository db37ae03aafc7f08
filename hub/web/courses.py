"""Courses: what each role reads first, with a few questions at the end (UX-07, UX-08).

A course is made of topics of the help, so it tells what this release does. Who has passed is kept
with the person; whoever leads people sees how far each is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from hub.errors import NotFoundError, T
from hub.kit.preferences.models import Preference
from hub.kit.preferences.service import prefer, preferences
from hub.kit.session import ScopedSession
from hub.security.actor import Actor

_NONE = T("没有这门课程。", "There is no such course.")
EVERYBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """One question; the first answer is the right one, pages show them in the order of `shown`."""

    text: T
    right: T
    wrong: tuple[T, T]
    shown: tuple[int, int, int]  # 0 is the right one

    @property
    def answers(self) -> Sequence[tuple[int, T]]:
        every = (self.right, *self.wrong)
        return [(number, every[number]) for number in self.shown]


@dataclass(frozen=True, slots=True)
class Course:
    """Topics of the help in their order; `roles` empty means everybody."""

    slug: str
    title: T
    about: T
    minutes: int
    roles: frozenset[str]
    lessons: tuple[str, ...]
    quiz: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A course and the day somebody passed it, if ever."""

    course: Course
    passed_on: date | None


COURSES: tuple[Course, ...] = (
    Course(
        "first-day",
        T("第一天", "The first day"),
        T("怎么进来、怎么找、出了问题问谁。", "Getting in, finding things, asking for help."),
        *(10, EVERYBODY, ("first-steps", "overview", "account", "feedback")),
        (
            Question(
                T("想找一家店或一条记录，最快的办法是？", "The quickest way to a store or record?"),
                T("按 Ctrl K，输入几个字或拼音首字母", "Ctrl K and a few letters"),
                (
                    T("一页一页翻档案", "Turn the pages of the archive"),
                    T("打电话问总部", "Call headquarters"),
                ),
                (1, 0, 2),
            ),
            Question(
                T("数字旁边是短横和灰字，说明？", "A dash and grey beside a number mean?"),
                T("已经不上报，数值是最后一次的", "It no longer reports; it is the last value"),
                (T("数值正常", "The value is normal"), T("数值是预测的", "It is a forecast")),
                (0, 2, 1),
            ),
            Question(
                T("页面哪里看不懂，先怎么做？", "A page is unclear. What first?"),
                T("按 ? 看这一页的帮助", "Press ? for the help of that page"),
                (T("退出重新登录", "Sign out and in again"), T("跳过不管", "Leave it")),
                (2, 1, 0),
            ),
        ),
    ),
    Course(
        "alerts",
        T("处理预警和工单", "Alerts and work orders"),
        T("从看到预警到修好验收。", "From an alert to a repair that is checked."),
        15,
        frozenset(
            {"store_manager", "franchisee", "region_manager", "hq_manager", "technician", "clerk"}
        ),
        ("alerts", "work-orders"),
        (
            Question(
                T("按“确认”表示什么？", "What does Acknowledge say?"),
                T("我接手了，别人不用重复处理", "I am on it; nobody else need be"),
                (
                    T("问题已经解决", "The trouble is over"),
                    T("这条预警是错的", "The alert is wrong"),
                ),
                (1, 2, 0),
            ),
            Question(
                T("冷柜正在化霜，想晚点再看，应该？", "A cabinet defrosts; look later. How?"),
                T("搁置到某个时间，并写明原因", "Shelve it until a time, with a reason"),
                (
                    T("直接关闭预警", "Close the alert"),
                    T("把采集端断电", "Cut the power of the agent"),
                ),
                (0, 1, 2),
            ),
            Question(
                T("工单什么时候才算结束？", "When is a work order over?"),
                T("修好并经验收", "When it is done and verified"),
                (T("派给维修员", "When it is assigned"), T("到了期限", "When its time is up")),
                (1, 0, 2),
            ),
        ),
    ),
    Course(
        "till",
        T("收银台", "At the till"),
        T("换人、扫码、日结。", "Switching people, scanning, closing the day."),
        *(10, frozenset({"cashier", "clerk", "store_manager", "franchisee"})),
        ("till", "stock"),
        (
            Question(
                T("同事要用同一台电脑，您应该？", "A colleague needs the same PC. You?"),
                T("按“换人”，由他输自己的 PIN", "Press Switch person; they enter their own PIN"),
                (
                    T("把自己的密码告诉他", "Tell them your password"),
                    T("让他用您的账号", "Let them use your account"),
                ),
                (2, 0, 1),
            ),
            Question(
                T("日结点现金时为什么看不到应有金额？", "Why is the expected cash not shown?"),
                T("先数再比，才数得准", "So that it is counted, not copied"),
                (
                    T("系统还没有算出来", "It is not worked out yet"),
                    T("只有总部能看", "Only HQ may"),
                ),
                (0, 2, 1),
            ),
        ),
    ),
    Course(
        "stock",
        T("库存", "Stock"),
        T("收货、盘点、调拨、更正。", "Receiving, counting, transfers, corrections."),
        *(15, frozenset({"stock_keeper", "purchaser", "store_manager", "franchisee"})),
        ("stock", "import"),
        (
            Question(
                T("盘点时客人还在买，数会乱吗？", "Customers buy during a count. Does it matter?"),
                T("不会，盘点后的变动会另外算", "No: what moves after a count is told apart"),
                (T("会，必须关门", "Yes, close the store"), T("会，要重新盘", "Yes, count again")),
                (1, 0, 2),
            ),
            Question(
                T("发现破损，应该？", "Goods are damaged. You?"),
                T("在库存里更正，并写明原因", "Correct the stock and say why"),
                (
                    T("等下次盘点", "Wait for the next count"),
                    T("改商品的档案", "Change the product's record"),
                ),
                (0, 1, 2),
            ),
        ),
    ),
    Course(
        "archive",
        T("档案和导入", "Archive and imports"),
        T("记录、历史、撤销、从表格导入。", "Records, history, undo, tables brought in."),
        15,
        frozenset({"admin", "hq_manager", "hr", "purchaser", "store_manager"}),
        ("archive", "records", "import"),
        (
            Question(
                T("改错了一条记录，怎么办？", "A record was changed by mistake. What now?"),
                T("在历史里撤销那一步", "Undo that step in its history"),
                (T("删掉重建", "Delete and write it anew"), T("没有办法", "Nothing can be done")),
                (2, 0, 1),
            ),
            Question(
                T("导入前先试运行，是为了？", "Why the dry run before an import?"),
                T("看清每一行哪里不对，什么也不写入", "See what is wrong; nothing is written"),
                (T("让导入更快", "To be quicker"), T("先写入一半", "To write half of it")),
                (1, 2, 0),
            ),
        ),
    ),
    Course(
        "agents",
        T("安装采集端", "Installing agents"),
        T("接线、扫描、登记、检查。", "Wiring, scanning, enrolling, checking."),
        *(20, frozenset({"installer", "technician"})),
        ("agents",),
        (
            Question(
                T("采集端怎样得到自己的身份？", "How does an agent get its identity?"),
                T("用只能用一次的登记码", "By a code that works once"),
                (T("抄别的采集端的文件", "Copy another's files"), T("不需要", "It needs none")),
                (0, 2, 1),
            ),
            Question(
                T("断网时读数会丢吗？", "Are readings lost while the network is away?"),
                T("不会，先存在门店，通了再送", "No: they wait in the store and go out later"),
                (T("会丢", "Yes"), T("只留最后一个", "Only the last is kept")),
                (1, 0, 2),
            ),
        ),
    ),
    Course(
        "privacy",
        T("顾客和员工的信息", "People's data"),
        T("谁能看、什么时候看、怎么删。", "Who may look, when, and how it is erased."),
        10,
        frozenset({"practitioner", "hr", "privacy_officer", "store_manager", "cashier", "clerk"}),
        ("privacy",),
        (
            Question(
                T("想看顾客被遮住的号码，要？", "To see a masked number you must?"),
                T("按“显示”并写明原因，会留记录", "Press Show and say why; it is recorded"),
                (T("问同事要", "Ask a colleague"), T("随便看", "Just look")),
                (0, 1, 2),
            ),
        ),
    ),
)
_BY_SLUG: Mapping[str, Course] = {one.slug: one for one in COURSES}


def course_of(slug: str) -> Course:
    if slug not in _BY_SLUG:
        raise NotFoundError(_NONE)
    return _BY_SLUG[slug]


def path_of_roles(roles: Sequence[str]) -> list[Course]:
    """The courses meant for somebody with these roles, in the order to take them."""
    held = set(roles)
    return [one for one in COURSES if not one.roles or one.roles & held]


def taken(session: ScopedSession, courses: Sequence[Course]) -> list[Taken]:
    """How far the asker is with these."""
    kept = preferences(session, *(_key(one.slug) for one in courses))
    return [Taken(one, _day(kept.get(_key(one.slug)))) for one in courses]


def left(session: ScopedSession, actor: Actor) -> int:
    """How many of the courses of one's own roles are not passed."""
    return sum(not one.passed_on for one in taken(session, path_of_roles(actor.roles)))


def mark(session: ScopedSession, course: Course, given: Mapping[int, int], today: date) -> set[int]:
    """The questions answered wrongly or not at all; without any, the course is passed."""
    wrong = {number for number, _ in enumerate(course.quiz) if given.get(number) != 0}
    if not wrong:
        prefer(session, _key(course.slug), today.isoformat())
    return wrong


def passed(session: ScopedSession, user_ids: Sequence[UUID]) -> dict[tuple[UUID, str], date]:
    """(person, course) → the day; for those who lead people."""
    keys = [_key(one.slug) for one in COURSES]
    wanted = select(Preference).where(Preference.user_id.in_(user_ids), Preference.key.in_(keys))
    found = {
        (one.user_id, one.key.partition(".")[2]): _day(one.value) for one in session.scalars(wanted)
    }
    return {key: day for key, day in found.items() if day}


def _key(slug: str) -> str:
    return f"course.{slug}"


def _day(kept: object) -> date | None:
    return date.fromisoformat(kept) if isinstance(kept, str) else None
