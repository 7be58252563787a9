"""The description of the API as a page that needs no script and no other host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nmt: the API</title>
<link rel="stylesheet" href="/page/style.css">
<link rel="icon" href="/page/icon.svg">
</head>
<body class="reference">
<main>
<h1>The API</h1>
<p>That of LibreTranslate, and <code>/explain</code>. Described for programs at
<a href="/openapi.json">/openapi.json</a>. Errors are a status and <code>{"error": "…"}</code>.
<a href="/">Back to the page</a></p>
"""
FOOT = "</main>\n</body>\n</html>\n"


def page(api: Mapping[str, Any]) -> str:
    """The page for an OpenAPI description."""
    sections = [
        _section(method.upper(), path, operation)
        for path, operations in api["paths"].items()
        for method, operation in operations.items()
    ]
    return HEAD + "\n".join(sections) + FOOT


def _section(method: str, path: str, operation: Mapping[str, Any]) -> str:
    lines = [f"<section>\n<h2><code>{method} {escape(path)}</code></h2>", f"<p>{escape(operation['description'])}</p>"]
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        kinds = " or ".join(f"<code>{escape(kind)}</code>" for kind in content)
        schema = next(iter(content.values()))["schema"]
        lines.append(f"<p>Takes {kinds}.</p>\n<table>\n<tr><th>field</th><th>type</th><th>default</th><th></th></tr>")
        lines += [_row(name, field, schema.get("required", ())) for name, field in schema["properties"].items()]
        lines.append("</table>")
        if "application/json" in content:
            example = {
                name: field["examples"][0] for name, field in schema["properties"].items() if "examples" in field
            }
            call = f"curl -H 'Content-Type: application/json' -d '{json.dumps(example)}' http://localhost:5000{path}"
            lines.append(f'<pre tabindex="0"><code>{escape(call)}</code></pre>')
    return "\n".join([*lines, "</section>"])


def _row(name: str, field: Mapping[str, Any], required: list[str]) -> str:
    kind = field.get("enum") or field.get("type") or [one.get("type") for one in field.get("anyOf", ())]
    told = " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    default = "required" if name in required else json.dumps(field.get("default"))
    cells = (f"<code>{escape(name)}</code>", escape(told), escape(default), escape(field.get("description", "")))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
