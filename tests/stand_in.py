"""A server that answers as `nmt serve` does, without a model: the page can be opened, tested and looked at alone.

`python tests/stand_in.py 8000` starts it by hand. Its translations come word by word from a small lexicon, and
the last two words of a line change places, so that alignments cross; what goes into French goes over another language,
and has no alignment."""

from __future__ import annotations

import json
import mimetypes
import sys
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "nmt" / "server" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
NAMES = {"en": "English", "de": "German", "fr": "French", "ar": "Arabic"}
LANGUAGES = [
    {"code": code, "name": name, "targets": [other for other in NAMES if other != code]} for code, name in NAMES.items()
]
LEXICON = {
    "de": {
        **{"the": "der", "a": "ein", "man": "Mann", "woman": "Frau", "child": "Kind", "reads": "liest", "in": "im"},
        **{"plays": "spielt", "is": "ist", "book": "Buch", "garden": "Garten", "old": "alte", "evening": "Abend"},
        **{"every": "jeden", "lamp": "Lampe", "house": "Haus", "and": "und"},
    },
    "ar": {"the": "ال", "man": "رجل", "reads": "يقرأ", "book": "كتابا"},
}
SETTINGS = {
    "apiKeys": False,
    "charLimit": 2000,
    "filesTranslation": True,
    "frontendTimeout": 400,
    "keyRequired": False,
    "language": {"source": {"code": "en", "name": "English"}, "target": {"code": "de", "name": "German"}},
    "suggestions": False,
    "supportedFilesFormat": [".txt", ".html", ".md", ".srt", ".docx"],
}


def explain(text: str, source: str, target: str, alternatives: int) -> dict[str, Any]:
    """What /explain answers."""
    lines = [explain_line(line.split(), target) for line in text.split("\n")]
    translation = "\n".join(" ".join(line["target"]) for line in lines)
    answer: dict[str, Any] = {"translatedText": translation, "lines": [] if target == "fr" else lines}
    endings = [" (formal)", " (more freely)", " – or so"][:alternatives]
    answer["alternatives"] = [translation + ending for ending in endings]
    if source == "auto":
        answer["detectedLanguage"] = {"language": "en", "confidence": 92}
    return answer


def explain_line(words: list[str], target: str) -> dict[str, Any]:
    order = list(range(len(words)))
    order[-2:] = reversed(order[-2:])
    known = LEXICON.get(target, {})
    translated = [known.get(words[place].lower().strip(".,"), words[place].swapcase()) for place in order]
    confidences = [0.97 - 0.11 * (place * 5 % 8) for place in range(len(words))]
    pieces = ["▁" + word for word in words], ["▁" + word for word in translated]
    return {
        "source": words,
        "target": translated,
        "alignment": [[place, row] for row, place in enumerate(order)],
        "confidence": sum(confidences) / len(words) if words else 0,
        "wordConfidence": confidences,
        "maps": [{"source": pieces[0], "target": pieces[1], "weights": attention(order)}] if words else [],
    }


def attention(order: list[int]) -> list[list[float]]:
    """Rows that add up to one, strongest at the place that the word comes from, and weaker away from it."""
    rows = [[0.3 ** abs(column - place) for column in range(len(order))] for place in order]
    return [[weight / sum(row) for weight in row] for row in rows]


class Answers(BaseHTTPRequestHandler):
    """Everything that the page asks for."""

    settings = SETTINGS

    def do_GET(self) -> None:
        match self.path.split("?")[0]:
            case "/languages":
                self.answer(LANGUAGES)
            case "/frontend/settings":
                self.answer(self.settings)
            case "/":
                self.send(200, (PAGE / "index.html").read_bytes(), "text/html; charset=utf-8")
            case path if path.startswith("/download_file/"):
                self.send(200, b"ein Brief\n", "text/plain; charset=utf-8")
            case path if path.startswith("/page/") and (PAGE / path.removeprefix("/page/")).is_file():
                file = PAGE / path.removeprefix("/page/")
                self.send(200, file.read_bytes(), mimetypes.guess_type(file.name)[0] or "text/plain")
            case _:
                self.answer({"error": "There is nothing here."}, status=404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/explain":
            asked = json.loads(body)
            if self.settings["keyRequired"] and asked["api_key"] != "secret":
                self.answer({"error": "Please give a valid API key."}, status=403)
            else:
                self.answer(explain(asked["q"], asked["source"], asked["target"], asked["alternatives"]))
        elif self.path == "/translate_file":
            form = message_from_bytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
            names = [part.get_filename() for part in form.get_payload()]  # type: ignore[union-attr]
            name = next(filter(None, names))
            self.answer({"translatedFileUrl": f"http://elsewhere.invalid/download_file/translated-{name}"})
        else:
            self.answer({"error": "There is nothing here."}, status=404)

    def answer(self, value: object, status: int = 200) -> None:
        self.send(status, json.dumps(value).encode(), "application/json")

    def send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def stand_in(port: int = 0, **settings: object) -> ThreadingHTTPServer:
    """The server, at a free port unless one is given, with other settings."""
    answers = type("Answers", (Answers,), {"settings": SETTINGS | settings})
    return ThreadingHTTPServer(("127.0.0.1", port), answers)


if __name__ == "__main__":
    stand_in(int(sys.argv[1])).serve_forever()
