"""Passwords: argon2id, at most two at a time, and what is too weak."""

from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from hub.errors import BusyError, InvalidError, T

MIN_LENGTH = 8
MAX_LENGTH = 128
AT_ONCE = 2  # one check takes 0.3 s of a core and 64 MB: more at once would starve everything else
PATIENCE_S = 10.0

# The passwords that every list of leaked ones starts with; lower case.
_LEAKED = (
    "12345678 123456789 1234567890 11111111 88888888 66666666 00000000 password password1 "
    "password123 passw0rd qwertyui qwerty123 qwertyuiop 1q2w3e4r 1qaz2wsx q1w2e3r4 abc12345 "
    "abcd1234 a1234567 a12345678 aa123456 asdf1234 asdfghjk zxcvbnm1 iloveyou 5201314a woaini520 "
    "woaini1314 admin123 admin888 administrator welcome1 letmein1 changeme changeme1 sunshine "
    "football princess superman dragon123 monkey123 storevitals"
)
COMMON = frozenset(_LEAKED.split())


class Passwords:
    """Hashes and checks; `time_cost` and `memory_kib` are argon2's, lowered by tests only."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536) -> None:
        hasher = Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._hash = PasswordHash((hasher,))
        self._turns = BoundedSemaphore(AT_ONCE)
        self._nobody = self._hash.hash("nobody signs in with this")

    def hash(self, password: str) -> str:
        with _Turn(self._turns):
            return self._hash.hash(password)

    def turn(self) -> "_Turn":
        """Wait for one of the two places; BusyError when both stay taken."""
        return _Turn(self._turns)

    def is_right(self, password: str, kept: str | None) -> bool:
        """Compare inside a `turn`; an unknown account (None) takes as long as a known one."""
        matches = self._hash.verify(password, kept or self._nobody)
        return matches and kept is not None


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
    if password.lower() in COMMON or len(set(password)) < 4:
        return T("这个密码太常见，容易被猜到。", "This password is common and easily guessed.")
    if username and username.lower() in password.lower():
        return T("密码不能包含用户名。", "The password must not contain the user name.")
    return None
