"""The console: the page at `/`, and the static files that it is made of. It is a client of the contract like any other.

Its files hold nothing of the user's, so a browser may fetch them without a token; what they then ask for needs it.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

router = APIRouter(include_in_schema=False)

_ROOT = Path(__file__).parents[1] / "console"
_PAGE = "index.html"
_READS = ["GET", "HEAD"]
# By name, as the machine's own table of types may say otherwise; a script of another type would not run.
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class _File:
    content: bytes
    media_type: str
    etag: str


@cache
def _files() -> dict[str, _File]:
    """Every file by its path below the console's directory: a path that is not among them leads nowhere."""
    return {path.relative_to(_ROOT).as_posix(): _read(path) for path in sorted(_ROOT.rglob("*")) if path.is_file()}


def _read(path: Path) -> _File:
    content = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    return _File(content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _unchanged(request: Request, file: _File) -> bool:
    held = (tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(","))
    return any(tag in {file.etag, "*"} for tag in held)


def _answer(request: Request, name: str) -> Response:
    file = _files().get(name)
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    headers = {**_HEADERS, "ETag": file.etag}
    if _unchanged(request, file):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.api_route("/", methods=_READS)
async def page(request: Request) -> Response:
    """The page."""
    return _answer(request, _PAGE)


@router.api_route("/index.html", methods=_READS)
@router.api_route("/console", methods=_READS)
@router.api_route("/console/", methods=_READS)
async def elsewhere(request: Request) -> Response:
    """Where one may look for the page; the way from there is relative, as the service may stand below a prefix."""
    return RedirectResponse("../" if request.url.path.endswith("/") else "./", HTTPStatus.PERMANENT_REDIRECT, _HEADERS)


@router.api_route("/console/{name:path}", methods=_READS)
async def part(request: Request, name: str) -> Response:
    """What the page is made of."""
    return _answer(request, name)
