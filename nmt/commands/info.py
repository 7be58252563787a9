"""`nmt info`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nmt.arguments import Parser
from nmt.commands.common import print_json
from nmt.errors import UserError


def info(words: list[str]) -> int:
    """Tells what a model is, as JSON."""
    parser = Parser(info)
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model folder")
    folder: Path = parser.parse(words).model
    from nmt import model_folder
    from nmt.config import FORMAT_VERSION
    from nmt.model.seq2seq import parameter_count

    network, vocabulary, config = model_folder.load(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    print_json(
        {
            "languages": {"source": config.data.source, "target": config.data.target},
            "parameters": parameter_count(network),
            "pieces": {"source": len(vocabulary.source), "target": len(vocabulary.target), "joint": vocabulary.joint},
            "model": config.model.model_dump(),
            "search": config.search.model_dump(),
            "scores": _scores(folder / "scores.json"),
            "format_version": FORMAT_VERSION,
            "files": {path.relative_to(folder).as_posix(): path.stat().st_size for path in files},
        }
    )
    return 0


def _scores(path: Path) -> Any:
    """The scores that a training run left in a model folder, or None."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}): remove it.") from None
