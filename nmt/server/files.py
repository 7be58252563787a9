"""The routes of files: one is sent, its translation is fetched."""

from __future__ import annotations

import codecs
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import Response

from nmt.server.asked import TranslateFile, accepts, understood
from nmt.server.context import Server
from nmt.server.failures import Refused

FILES = {".txt": "text", ".html": "html", ".htm": "html"}
"""The formats of files, by the endings of their names."""


def add_files(app: FastAPI, server: Server) -> None:
    """Adds them."""
    codes = server.service.models.sources, server.service.models.targets

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
