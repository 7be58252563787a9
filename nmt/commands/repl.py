"""`nmt repl`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nmt.arguments import SEARCH_OPTIONS, Parser
from nmt.commands.common import add_wishes, load, tell_languages, wishes_of

if TYPE_CHECKING:
    from nmt.translator import Translator


def repl(words: list[str]) -> int:
    """Translates what you type, with commands to look into the model; :help lists them."""
    parser = Parser(repl)
    parser.add_model(*SEARCH_OPTIONS)
    add_wishes(parser)
    options = parser.parse(words)
    wishes = wishes_of(options)
    from nmt.repl.prompt import run
    from nmt.repl.session import Model, Session

    def loaded(folder: Path) -> Translator:
        translator = load(options, None if folder.resolve() == options.model.resolve() else folder)
        tell_languages(translator.config, options.tag)
        translator.searcher.workers = 1  # Ctrl-C would wait for threads, and one line has little for them to share
        return translator

    model = Model(options.model.resolve().name, loaded(options.model))
    session = Session(model, loaded, wishes=wishes)
    session.change(**{name: getattr(options, name) for name in SEARCH_OPTIONS})
    wishes.check(session.search)
    return run(session)
