"""The application: LibreTranslate's routes, as https://docs.libretranslate.com describes them, `/explain`, and the page
with its parts."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, cast
from urllib.parse import quote

import psutil
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

from nmt import __version__
from nmt.server import reference
from nmt.server.asked import Asked, Detect, Explain, Translate, TranslateFile, accepts, asked, understood
from nmt.server.downloads import Downloads
from nmt.server.failures import Refused
from nmt.server.keys import Clients
from nmt.server.languages import AUTO, name
from nmt.server.limits import Limits
from nmt.server.metrics import Metrics
from nmt.server.service import Found, Service
from nmt.server.shield import App, Shield

PAGE = Path(__file__).parent / "page"
FILES = {".txt": "text", ".html": "html", ".htm": "html"}
"""The formats of files, by the endings of their names."""
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/json": {"example": {"error": "…"}}}}
    for status, text in {
        400: "Something is missing, or cannot be.",
        403: "The API key is missing, or unknown.",
        408: "The request did not come whole in time.",
        413: "The request is too large.",
        429: "Too many requests; see Retry-After.",
        500: "The server failed at this request.",
        503: "It took too long, or the server is shutting down.",
    }.items()
}
Result = TypeVar("Result")


@dataclass(frozen=True)
class Server:
    """All that the routes use. origins: those of other sites' pages that may ask, "*" for all; log_text: whether texts
    are logged."""

    service: Service
    clients: Clients
    metrics: Metrics
    downloads: Downloads
    origins: Sequence[str] = ()
    log_text: bool = False

    @property
    def limits(self) -> Limits:
        """Of a request."""
        return self.service.limits

    def admit(self, request: Request, asked: Asked) -> None:
        """Counts a request to its client. Raises Refused where it may not ask, or not yet."""
        key = cast(str, getattr(asked, "api_key", "")) or request.headers.get("authorization", "").removeprefix(
            "Bearer "
        )
        client = self.clients.admit(key, request.client.host if request.client else "")
        if self.clients.keys is not None:
            self.note(request, client=client)

    def note(self, request: Request, **fields: object) -> None:
        """Adds to what is logged of a request."""
        request.scope["state"]["noted"].update(fields)

    def note_text(self, request: Request, found: Sequence[Found]) -> None:
        """Adds the translations to what is logged, where texts are."""
        if self.log_text:
            self.note(request, translatedText=[one.text for one in found])

    def measure(self, request: Request, texts: Sequence[str], limits: Limits) -> None:
        """Raises Refused for texts that are too many or too long."""
        characters = sum(map(len, texts))
        self.note(request, texts=len(texts), characters=characters)
        if self.log_text:
            self.note(request, q=list(texts))
        if len(texts) > limits.texts:
            raise Refused(400, f"These are {len(texts):,} texts; at most {limits.texts:,} are translated at once.")
        if characters > limits.characters:
            raise Refused(400, f"These are {characters:,} characters; at most {limits.characters:,} are translated.")
        self.metrics.characters.inc(characters)

    async def answered(self, request: Request, work: Awaitable[Result], limits: Limits) -> Result:
        """The result of some work, which is given up when it takes too long, or when nobody waits for it."""
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({task, gone}, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            if gone.done():
                raise Refused(499, "The client is gone.")
            raise Refused(503, f"This took longer than {limits.seconds:g} seconds: send less at once.", retry_after=5)
        finally:
            task.cancel()
            gone.cancel()


async def _gone(request: Request) -> None:
    """Ends when the client of a request, whose body is read, is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def application(server: Server) -> App:
    """The application, behind its shield."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(server.service.close)

    app = FastAPI(
        title="nmt", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, responses=ERRORS,
        description="Recurrent machine translation, by the API of LibreTranslate.",
    )  # fmt: skip
    _handle_errors(app)
    _translating(app, server)
    _telling(app, server)
    _looking(app, server)
    if server.origins:
        app.add_middleware(CORSMiddleware, allow_origins=list(server.origins), allow_methods=["*"], allow_headers=["*"])
    limits = server.limits
    return Shield(cast(App, app), server.metrics, limits.body, {"/translate_file": limits.of_file().body})


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return JSONResponse({"error": error.message}, error.status, error.headers)

    @app.exception_handler(ClientDisconnect)
    async def left(request: Request, error: ClientDisconnect) -> Response:
        return JSONResponse({"error": "The client is gone."}, 499)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": "The server failed at this request."}, 500)

    @app.exception_handler(HTTPException)
    async def failed(request: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": f"{str(error.detail).rstrip('.')}."}, error.status_code, error.headers)


def _translating(app: FastAPI, server: Server) -> None:
    """Adds what is asked of the models."""
    codes = server.service.models.sources, server.service.models.targets

    @app.post("/translate", openapi_extra=accepts(Translate, *codes))
    async def translate(request: Request) -> dict[str, Any]:
        """Translate a text, or an array of texts."""
        wanted = await asked(request, Translate)
        server.admit(request, wanted)
        texts = [wanted.q] if isinstance(wanted.q, str) else wanted.q
        server.measure(request, texts, server.limits)
        source, detected = server.service.source(wanted.source, "\n".join(texts))
        work = server.service.translate(texts, source, wanted.target, wanted.format, wanted.alternatives)
        found = await server.answered(request, work, server.limits)
        server.note_text(request, found)
        if isinstance(wanted.q, str):
            return _answer(found[0].text, found[0].alternatives, wanted.alternatives, detected)
        told = [detected] * len(texts) if detected else None
        return _answer([one.text for one in found], [one.alternatives for one in found], wanted.alternatives, told)

    @app.post("/explain", openapi_extra=accepts(Explain, *codes))
    async def explain(request: Request) -> dict[str, Any]:
        """Translate a text, and tell of each line which words belong together, how sure each is, and the attention."""
        wanted = await asked(request, Explain)
        server.admit(request, wanted)
        server.measure(request, [wanted.q], server.limits)
        source, detected = server.service.source(wanted.source, wanted.q)
        work = server.service.translate([wanted.q], source, wanted.target, "text", wanted.alternatives, explained=True)
        (found,) = await server.answered(request, work, server.limits)
        server.note_text(request, [found])
        return _answer(found.text, found.alternatives, wanted.alternatives, detected) | {"lines": found.lines}

    @app.post("/detect", openapi_extra=accepts(Detect))
    async def detect(request: Request) -> list[dict[str, Any]]:
        """Detect the language of a text, among those that are translated here."""
        wanted = await asked(request, Detect)
        server.admit(request, wanted)
        server.measure(request, [wanted.q], server.limits)
        return [{"language": code, "confidence": sure} for code, sure in server.service.detector.detect(wanted.q)]

    @app.post("/translate_file", openapi_extra=accepts(TranslateFile, *codes, file=True))
    async def translate_file(request: Request) -> dict[str, Any]:
        """Translate a file; the answer says where its translation can be fetched for ten minutes."""
        form = await request.form(max_files=1, max_fields=20)
        wanted = understood({key: value for key, value in form.items() if isinstance(value, str)}, TranslateFile)
        server.admit(request, wanted)
        file = form.get("file")
        if file is None or isinstance(file, str):
            raise Refused(400, "file: field required.")
        path = PurePosixPath((file.filename or "").replace("\\", "/"))
        if path.suffix.lower() not in FILES:
            raise Refused(
                400, f"Files that end in {path.suffix or 'nothing'} are not translated, but {', '.join(FILES)}."
            )
        limits = server.limits.of_file()
        text = _decoded(await file.read())
        server.measure(request, [text], limits)
        source, detected = server.service.source(wanted.source, text[:2000])
        work = server.service.translate([text], source, wanted.target, FILES[path.suffix.lower()], 0)
        (found,) = await server.answered(request, work, limits)
        server.note_text(request, [found])
        word = server.downloads.keep(f"{path.stem}_{wanted.target}{path.suffix}", found.text.encode())
        address = str(request.url_for("download_file", word=word))
        return {"translatedFileUrl": address} | ({"detectedLanguage": detected} if detected else {})

    @app.get("/download_file/{word}", responses={404: {"description": "It is not there any more."}})
    async def download_file(word: str) -> Response:
        """Fetch a translated file."""
        file = server.downloads.get(word)
        if file is None:
            raise Refused(404, "There is no such file, or none any more: translate it again.")
        disposition = f"attachment; filename*=utf-8''{quote(file.name)}"
        return Response(
            file.content, headers={"Content-Disposition": disposition}, media_type="application/octet-stream"
        )


def _decoded(content: bytes) -> str:
    """The text of a file. Raises Refused for one that is no text."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Refused(400, "The file is no text in UTF-8: save it as that.") from None


def _answer(
    text: object, alternatives: object, wanted: int, detected: dict[str, Any] | list[dict[str, Any]] | None
) -> dict[str, Any]:
    """An answer as LibreTranslate gives it: what was not asked for is not there."""
    answer = {"translatedText": text}
    if wanted:
        answer["alternatives"] = alternatives
    if detected:
        answer["detectedLanguage"] = detected
    return answer


def _telling(app: FastAPI, server: Server) -> None:
    """Adds what tells of the server."""
    models = server.service.models

    @app.get("/languages")
    async def languages() -> list[dict[str, Any]]:
        """The languages, and what each is translated into."""
        return [
            {"code": code, "name": name(code), "targets": [target for target in models.routes(code) if target != code]}
            for code in dict.fromkeys([*models.sources, *models.targets])
        ]

    @app.get("/frontend/settings")
    async def settings() -> dict[str, Any]:
        """What a page in front of this server can offer."""
        source, target = next(iter(models.served))
        auto = len(models.sources) > 1
        first = {"code": AUTO, "name": "Auto Detect"} if auto else {"code": source, "name": name(source)}
        return {
            "apiKeys": server.clients.keys is not None,
            "keyRequired": server.clients.keys is not None,
            "charLimit": server.limits.characters,
            "frontendTimeout": 500,
            "language": {"source": first, "target": {"code": target, "name": name(target)}},
            "suggestions": False,
            "filesTranslation": True,
            "supportedFilesFormat": list(FILES),
        }

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the server is well."""
        return {"status": "ok"}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(server.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    memory = psutil.Process()
    service = server.service
    server.metrics.watch(lambda: len(service.batcher), lambda: len(models.loaded), lambda: memory.memory_info().rss)


def _looking(app: FastAPI, server: Server) -> None:
    """Adds what is looked at in a browser."""

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(PAGE / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(reference.page(app.openapi()))

    @app.get("/spec", include_in_schema=False)
    async def spec() -> dict[str, Any]:
        return app.openapi()

    app.mount("/page", StaticFiles(directory=PAGE), name="page")
