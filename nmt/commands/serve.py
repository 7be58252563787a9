"""`nmt serve`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nmt.arguments import SEARCH_OPTIONS, Parser, natural, positive
from nmt.commands.common import add_wishes, fused_of, use_threads, wishes_of
from nmt.errors import UserError

if TYPE_CHECKING:
    from nmt.config import Config

MISSING = "the server needs more packages: pip install 'nmt[serve]' (from a checkout: pip install -e '.[serve]')."


def serve(words: list[str]) -> int:
    """Answers other programs by LibreTranslate's API, and people by a page, on a port of this machine.

    nmt serve --model runs/en-de --port 5000
    nmt serve --model runs/en-de --model runs/de-fr     # and from en to fr, through de

    The page is at /, the API's description at /docs, counts for Prometheus at /metrics. Requests are logged on stderr,
    a JSON object a line, without their texts. SIGTERM and Ctrl-C end it when what it has accepted is answered."""
    parser = Parser(serve)
    text = "a model folder, several by repeating it; SOURCE-TARGET=DIR where it does not name its languages"
    parser.add_argument("--model", action="append", default=[], metavar="DIR", help=text)
    add_server(parser)
    parser.add_search(*(name for name in SEARCH_OPTIONS if name != "nbest"))
    add_wishes(parser)
    parser.add_machine()
    options = parser.parse(words)
    try:
        return _make_key(options) if options.new_key is not None else _serve(options)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(("nmt", "torch")):
            raise
        raise UserError(f"{error.name} is missing: {MISSING}") from None


def add_server(parser: Parser) -> None:
    """The options of the server."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: this machine alone)")
    add("--port", type=natural, default=5000, metavar="N", help="the port (default: 5000); 0 is any that is free")
    add("--keys", type=Path, metavar="FILE", help="answer only those who send one of the API keys of this file")
    text = "make an API key: print it, this once, and add its hash to --keys"
    add("--new-key", metavar="NAME", help=text)
    text = "requests that a client may make in a minute (default: any number)"
    add("--rate", type=natural, default=0, metavar="N", help=text)
    add("--queue", type=positive, default=256, metavar="N", help="requests that may wait (default: 256)")
    add("--characters", type=positive, default=20_000, metavar="N", help="most of a request (default: 20,000)")
    add("--seconds", type=positive, default=60, metavar="N", help="most time for a request (default: 60)")
    text = "megabytes of memory beyond which the models not used for the longest time are given up"
    add("--memory", type=positive, metavar="MB", help=text)
    text = "an origin, as https://example.org, whose pages may ask from a browser; * for all"
    add("--allow-origin", action="append", default=[], metavar="ORIGIN", help=text)
    add("--log-text", action="store_true", help="log texts and translations too")


def _make_key(options: argparse.Namespace) -> int:
    from nmt.server.keys import new_key

    if options.keys is None:
        raise UserError("--new-key adds to a file: give --keys FILE.")
    print(new_key(options.keys, options.new_key))
    return 0


def check_model(folder: Path, config: Config) -> None:
    """Raises UserError for a model that cannot translate, so far as that is seen without loading it."""
    from nmt.model_folder import check_trained
    from nmt.scoring import check_kind

    check_kind(folder, config, language_model=False)
    check_trained(folder)


def _serve(options: argparse.Namespace) -> int:
    if not options.model:
        raise UserError("--model is missing: give a model folder (`nmt serve --help` tells more).")

    from nmt.search.settings import changed
    from nmt.server.context import Server
    from nmt.server.downloads import Downloads
    from nmt.server.keys import Clients, read_keys
    from nmt.server.limits import Limits
    from nmt.server.metrics import Metrics
    from nmt.server.models import Models, served
    from nmt.server.routes import application
    from nmt.server.serve import listen, log_to_stderr, serve
    from nmt.server.service import Service
    from nmt.translator import Translator

    use_threads(options)
    found = served(options.model)
    if options.ensemble and len(found) > 1:
        raise UserError("--ensemble goes with one --model: which of several it belongs to is not said.")
    changes = {name: value for name in SEARCH_OPTIONS if (value := getattr(options, name, None)) is not None}
    wishes = wishes_of(options)
    for model in found:
        check_model(model.folder, model.config)
        wishes.check(changed(model.config, changes))
    if options.lm and len(found) > 1:
        raise UserError("--lm goes with one --model: which of several it belongs to is not said.")
    others, fused = options.ensemble, fused_of(options)
    models = Models(found, lambda folder: Translator.load(folder, options.device, others, fused), options.memory)
    clients = Clients(None if options.keys is None else read_keys(options.keys), options.rate)
    limits = Limits(characters=options.characters, seconds=options.seconds, queue=options.queue)
    socket = listen(options.host, options.port)
    models.get(found[0].pair)  # what is wrong with it is told before anyone asks
    metrics = Metrics()
    service = Service(models, limits, metrics, wishes, changes)
    log_to_stderr()
    server = Server(service, clients, metrics, Downloads(), options.allow_origin, options.log_text)
    pairs = ", ".join("-".join(model.pair) for model in found)
    host, port = socket.getsockname()[:2]
    print(f"nmt: {pairs} at http://{f'[{host}]' if ':' in host else host}:{port}", file=sys.stderr, flush=True)
    serve(application(server), socket)
    return 0
