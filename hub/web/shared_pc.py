"""The cookie that makes a browser a shared PC: for a year, and never readable by a script."""

from fastapi import Request, Response

from hub.web.deps import cookie_name
from hub.web.services import Services

YEAR_S = 365 * 86_400


def pc_secret(request: Request, services: Services) -> str:
    """What this browser shows; empty where it is no shared PC."""
    return request.cookies.get(_name(services), "")


def remember_pc(answer: Response, services: Services, secret: str) -> None:
    answer.set_cookie(
        _name(services),
        secret,
        max_age=YEAR_S,
        path="/",
        secure=services.settings.is_https,
        httponly=True,
        samesite="lax",
    )


def forget_pc(answer: Response, services: Services) -> None:
    answer.delete_cookie(
        _name(services), path="/", secure=services.settings.is_https, httponly=True
    )


def _name(services: Services) -> str:
    return f"{cookie_name(services)}-pc"
