"""What requests ask for: JSON, a form, or the query of the address, whichever a client sends."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import ImmutableMultiDict

from nmt.server.failures import Refused
from nmt.server.languages import AUTO
from nmt.server.limits import ALTERNATIVES

SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON can spell and no encoding can."""
FORM = "application/x-www-form-urlencoded"
KEY = Field("", description="The API key, where the server wants one.")
SOURCE = Field(description="The code of the language of the text; auto to have it detected.")
TARGET = Field(description="The code of the language to translate into.")


class Detect(BaseModel):
    """The language of a text."""

    q: str = Field(description="The text.", examples=["A man rides a bicycle."])
    api_key: str = KEY


class Translate(BaseModel):
    """A text, or several, and the languages."""

    q: str | list[str] = Field(description="A text, or an array of texts.", examples=["A man rides a bicycle."])
    source: str = SOURCE
    target: str = TARGET
    format: Literal["text", "html"] = Field("text", description="html: markup stays, the text within is translated.")
    alternatives: int = Field(0, ge=0, le=ALTERNATIVES, description="How many further translations to give.")
    api_key: str = KEY


class Explain(BaseModel):
    """A text whose translation is to be looked at closely."""

    q: str = Field(description="A text.", examples=["A man rides a bicycle."])
    source: str = SOURCE
    target: str = TARGET
    alternatives: int = Field(0, ge=0, le=ALTERNATIVES, description="How many further translations to give.")
    api_key: str = KEY


class TranslateFile(BaseModel):
    """A file, sent as a form of several parts, and the languages."""

    source: str = SOURCE
    target: str = TARGET
    api_key: str = KEY


Asked = TypeVar("Asked", bound=BaseModel)


def accepts(
    model: type[BaseModel], sources: Sequence[str] = (), targets: Sequence[str] = (), *, file: bool = False
) -> dict[str, Any]:
    """The description of a request's body, for the OpenAPI page, with the languages that there are."""
    schema = model.model_json_schema()
    fields = schema["properties"]
    for name, codes in (("source", [*sources, AUTO]), ("target", list(targets))):
        if name in fields:
            fields[name] |= {"enum": codes, "examples": codes[:1]}
    if file:
        fields["file"] = {"type": "string", "format": "binary", "description": "The file."}
        schema["required"].append("file")
    kinds = ["multipart/form-data"] if file else ["application/json", FORM]
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}}


async def asked(request: Request, model: type[Asked]) -> Asked:
    """What a request asks for, wherever it says so. Raises Refused, in one sentence."""
    values: dict[str, Any] = _single(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in (FORM, "multipart/form-data"):
        values |= _single(await request.form())
    elif body := await request.body():
        values |= _object(body)
    return understood(values, model)


def understood(values: Mapping[str, Any], model: type[Asked]) -> Asked:
    """Values as a request of a kind; nothing, and null, stand for what is left out. Raises Refused for those that are
    missing or cannot be."""
    given = {key: value for key, value in values.items() if value is not None and (value != "" or key == "q")}
    try:
        return model.model_validate(_mended(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "the request"
        raise Refused(400, f"{name}: {first['msg'].lower()}.") from None
    except RecursionError:
        raise Refused(400, "The request is nested too deeply.") from None


def _single(values: ImmutableMultiDict[str, Any]) -> dict[str, Any]:
    """The values of a form: those given several times are arrays, files are left out."""
    found: dict[str, list[str]] = {}
    for key, value in values.multi_items():
        if isinstance(value, str):
            found.setdefault(key, []).append(value)
    return {key: some if len(some) > 1 else some[0] for key, some in found.items()}


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is no JSON.") from None
    if not isinstance(values, dict):
        raise Refused(400, "The body is no JSON object.")
    return values


def _mended(value: Any) -> Any:
    """A value in which halves of characters are U+FFFD."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {key: _mended(one) for key, one in value.items()}
    return value
