"""Passwords: argon2id, at most two at a time, and what is too weak."""

import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from hub.errors import BusyError, InvalidError, T

MIN_LENGTH = 8
MAX_LENGTH = 128
AT_ONCE = 2  # one check takes 0.3 s of a core and 64 MB: more at once would starve everything else
PATIENCE_S = 10.0
NICE = 10

NO_PASSWORD = "!"  # noqa: S105 kept for accounts that nobody can enter by a password
# What people here choose beside the leaked passwords of the world, lower case.
_LOCAL = (
    "88888888 66666666 5201314a woaini520 woaini1314 a12345678 abcd1234 admin888 qq123456 "
    "wang1234 zhang123 iloveyou1314 123456abc 1qazxsw2 taobao123 woaiwojia storevitals"
)
_SUFFIX = re.compile(r"[\d!@#$%^&*._-]{1,4}$")


class Passwords:
    """Hashes and checks; `time_cost` and `memory_kib` are argon2's, lowered by tests only."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536) -> None:
        hasher = Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._hash = PasswordHash((hasher,))
        self._turns = BoundedSemaphore(AT_ONCE)
        self._workers = ThreadPoolExecutor(AT_ONCE, "password", _give_way)
        self._nobody = self._hash.hash("nobody signs in with this")

    def hash(self, password: str) -> str:
        with _Turn(self._turns):
            return self._workers.submit(self._hash.hash, password).result()

    def turn(self) -> "_Turn":
        """Wait for one of the two places; BusyError when both stay taken."""
        return _Turn(self._turns)

    def is_right(self, password: str, kept: str | None) -> bool:
        """Compare inside a `turn`; an unknown account (None) takes as long as a known one."""
        known = None if kept == NO_PASSWORD else kept
        checking = self._workers.submit(self._hash.verify, password, known or self._nobody)
        matches = checking.result()
        return matches and known is not None


def _give_way() -> None:
    """Sign-ins may wait, pages may not: these threads run when nobody else wants the core."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class _Turn:
    def __init__(self, turns: BoundedSemaphore) -> None:
        self._turns = turns

    def __enter__(self) -> None:
        if not self._turns.acquire(timeout=PATIENCE_S):
            raise BusyError(
                T("登录的人太多，请稍后再试。", "Too many people sign in; try again shortly.")
            )

    def __exit__(self, *_: object) -> None:
        self._turns.release()


def demand_strong(password: str, username: str) -> None:
    """Raise InvalidError when a password is too short, too long, common or the user's name."""
    problem = _problem(password, username)
    if problem:
        raise InvalidError(problem, {"password": problem})


def _problem(password: str, username: str) -> T | None:
    if len(password) < MIN_LENGTH:
        return T("密码至少 {n} 位。", "At least {n} characters.").format(n=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        return T("密码最多 {n} 位。", "At most {n} characters.").format(n=MAX_LENGTH)
    if _is_common(password.lower()) or len(set(password)) < 4:
        return T("这个密码太常见，容易被猜到。", "This password is common and easily guessed.")
    if username and username.lower() in password.lower():
        return T("密码不能包含用户名。", "The password must not contain the user name.")
    return None


def _is_common(password: str) -> bool:
    """On the list of the 30,000 most leaked ones, also with up to four digits or signs behind."""
    return password in common() or _SUFFIX.sub("", password) in common()


@cache
def common() -> frozenset[str]:
    """What many people choose, in lower case."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  # 13 MB, asked for rarely

    return frozenset(FREQUENCY_LISTS["passwords"]) | frozenset(_LOCAL.split())
