"""The application: LibreTranslate's routes, as https://docs.libretranslate.com describes them, `/explain`, and the page
with its parts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import psutil
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

from nmt import __version__
from nmt.server import reference
from nmt.server.asked import Detect, Explain, Translate, accepts, asked
from nmt.server.context import Server
from nmt.server.failures import Refused
from nmt.server.files import FILES, add_files
from nmt.server.languages import AUTO, name
from nmt.server.shield import App, Shield

PAGE = Path(__file__).parent / "page"
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
    add_files(app, server)
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
