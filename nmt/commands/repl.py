"""`nmt repl`."""

from __future__ import annotations

from nmt.arguments import SEARCH_OPTIONS, Parser
from nmt.commands.common import load, search_of


def repl(words: list[str]) -> int:
    """Translates what you type, with commands to look into the model; :help lists them."""
    parser = Parser(repl)
    parser.add_model(*SEARCH_OPTIONS)
    options = parser.parse(words)
    translator = load(options)
    from nmt.repl import run

    return run(translator, search_of(translator.config, options))
