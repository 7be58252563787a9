"""`nmt repl`."""

from __future__ import annotations

from nmt.arguments import SEARCH_OPTIONS, Parser
from nmt.commands.common import add_wishes, load, wishes_of


def repl(words: list[str]) -> int:
    """Translates what you type, with commands to look into the model; :help lists them."""
    parser = Parser(repl)
    parser.add_model(*SEARCH_OPTIONS)
    add_wishes(parser)
    options = parser.parse(words)
    wishes = wishes_of(options)
    translator = load(options)
    from nmt.repl.prompt import run
    from nmt.repl.session import Model, Session

    session = Session(
        Model(options.model.resolve().name, translator), lambda folder: load(options, folder), wishes=wishes
    )
    session.change(**{name: getattr(options, name) for name in SEARCH_OPTIONS})
    return run(session)
