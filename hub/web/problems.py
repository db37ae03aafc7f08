"""Errors as answers: RFC 9457 problem documents in the reader's language.

A page that fails is the business of the pages; everything under `/api` answers here.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub.errors import BusyError, FieldsError, HubError, InvalidError, NotFoundError, T
from hub.kit.records.sentences import sentences
from hub.web.language import Language, choose, say

MEDIA_TYPE = "application/problem+json"
PageError = Callable[[Request, HubError], Awaitable[Response]]
_INVALID = T("有些值不对，请改正。", "Some values are not right; please correct them.")
_NO_PAGE = T("没有这个地址。", "There is no such address.")
_DATABASE = T("数据库暂时没有响应。", "The database does not answer at the moment.")


def language_of(request: Request) -> Language:
    kept = request.cookies.get("lang")
    accepted = request.headers.get("accept-language", "")
    return choose(request.query_params.get("lang"), kept, accepted)


def problem(request: Request, error: HubError) -> JSONResponse:
    """The problem document of one error."""
    language = language_of(request)
    document: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": say(language, error.text),
        "instance": request.url.path,
    }
    if isinstance(error, FieldsError) and error.fields:
        document["errors"] = {name: say(language, text) for name, text in error.fields.items()}
    document |= error.members()
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else {}
    headers |= error.headers() | {"Cache-Control": "no-store"}
    return JSONResponse(document, error.status, headers, MEDIA_TYPE)


def install_problems(app: FastAPI, page_error: PageError) -> None:
    """Answer every foreseen error; `page_error` makes the page for addresses outside `/api`."""

    async def answer(request: Request, error: HubError) -> Response:
        if request.url.path.startswith("/api/"):
            return problem(request, error)
        return await page_error(request, error)

    @app.exception_handler(HubError)
    async def _hub(request: Request, error: HubError) -> Response:
        return await answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def _values(request: Request, error: RequestValidationError) -> Response:
        return await answer(request, InvalidError(_INVALID, sentences(error.errors())))

    @app.exception_handler(OperationalError)
    async def _database(request: Request, _error: OperationalError) -> Response:
        return await answer(request, BusyError(_DATABASE))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.NOT_FOUND:
            return await answer(request, NotFoundError(_NO_PAGE))
        return await answer(request, _StatusError(error))


class _StatusError(HubError):
    """What the framework refuses by itself, such as a method or a body that is too large."""

    def __init__(self, error: HTTPException) -> None:
        phrase = HTTPStatus(error.status_code).phrase
        super().__init__(T(f"请求未被接受（{error.status_code}）。", f"{phrase}."))
        self.status = error.status_code
