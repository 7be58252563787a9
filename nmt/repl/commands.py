"""What a session can be told. A command is a function and a line of `COMMANDS`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from nmt.config import SearchConfig
from nmt.data.lines import open_input, open_output, read_lines
from nmt.errors import UserError, choose, nearest, unknown
from nmt.evaluation.heat_map import FORMS
from nmt.formats import attention_maps
from nmt.model_folder import write_durably
from nmt.repl.closely import alignment, explained
from nmt.repl.display import heat_map
from nmt.repl.session import Model, Session, ranked
from nmt.search.settings import changed
from nmt.text.glossary import Glossary, read_glossary

SETTINGS = tuple(SearchConfig.model_fields)
PHRASE = re.compile(r'"([^"]*)"|(\S+)')


def answer(session: Session, line: str) -> None:
    """Translates a line, or does what it commands; nothing that is typed ends the session but :quit."""
    try:
        if line.startswith(":") and line[1:2].isalpha():
            name, *rest = line[1:].split(maxsplit=1)
            if name not in COMMANDS:
                suggestion = nearest(name, COMMANDS)
                hint = f"Did you mean :{suggestion}? " if suggestion else ""
                raise UserError(f":{name} is no command. {hint}:help lists them.")
            COMMANDS[name].run(session, "".join(rest).strip())
        else:
            session.translate(line)
    except BrokenPipeError:
        raise
    except OSError as error:
        session.display.remark(f"error: {error.filename}: {error.strerror or error}", "error")
    except (UserError, RuntimeError, MemoryError) as error:
        session.display.remark(f"error: {' '.join(str(error).split()) or type(error).__name__}", "error")


def help_(session: Session, words: str) -> None:
    """:help shows this list."""
    session.display.show("Type a line to translate it. A line that begins with a space is text, whatever follows.")
    for title, commands in GROUPS.items():
        session.display.show("", [("class:label", title)])
        session.display.show(*(f"  {' '.join((one.run.__doc__ or '').split())}" for one in commands.values()))
    session.display.show("", "Tab completes. Ctrl-C drops the line, or stops a translation; Ctrl-D leaves.")


def set_(session: Session, words: str) -> None:
    """:set KEY=VALUE ... changes settings of the search, KEY= takes the model's own; alone it shows all."""
    if words:
        session.change(**settings(words))
    own = session.translator.config.search
    for key, value in session.search:
        if words and key not in session.changes:
            continue
        theirs = getattr(own, key)
        note = "" if value == theirs else f"  (the model's own: {theirs})"
        session.display.show([("class:changed" if note else "", f"{key} {value}"), ("class:remark", note)])


def beam(session: Session, words: str) -> None:
    """:beam K keeps K hypotheses alive; 1 is greedy search."""
    width = _number("beam", words)
    session.change(beam=width, nbest=min(session.search.nbest, width))
    _tell_width(session)


def nbest(session: Session, words: str) -> None:
    """:nbest N shows the N best translations, and widens the beam to N where it is narrower."""
    count = _number("nbest", words)
    session.change(nbest=count, beam=max(session.search.beam, count))
    _tell_width(session)


def force(session: Session, words: str) -> None:
    """:force PREFIX lets translations begin so; alone it stops that."""
    session.prefix = words
    session.display.remark(f"translations begin with {words!r}" if words else "translations begin as they like")


def constrain(session: Session, words: str) -> None:
    """:constrain WORD "TWO WORDS" ... lets every translation have these; alone it stops that."""
    phrases = tuple(" ".join((quoted or word).split()) for quoted, word in PHRASE.findall(words))
    session.wishes = replace(session.wishes, require=tuple(filter(None, phrases)))
    told = ", ".join(map(repr, session.wishes.require))
    session.display.remark(f"translations have {told}" if told else "translations have any words")


def glossary(session: Session, words: str) -> None:
    """:glossary FILE translates terms as a file has them: source term, tab, target term; alone it stops that."""
    terms = read_glossary(_path(words)) if words else []
    session.wishes = replace(session.wishes, glossary=Glossary(terms))
    session.display.remark(f"{len(terms):,} terms in the glossary")


def model(session: Session, words: str) -> None:
    """:model DIR goes on with another model and what has been set; --ensemble and --lm stay with the first."""
    other = _loaded(session, words or _missing("model", "DIR"))
    session.model = other
    session.display.remark(f"the model is {other.name}")


def compare(session: Session, words: str) -> None:
    """:compare DIR translates by a second model too, side by side; alone it stops that."""
    session.other = _loaded(session, words) if words else None
    names = [one.name for one in (session.model, session.other) if one]
    session.display.remark(f"translating by {' and '.join(names)}")


def explain(session: Session, words: str) -> None:
    """:explain shows the pieces of the last line's translation, the probability of each and the runners-up, the
    confidence and the alignment."""
    found = session.answer(session.last_line(), closely=True)
    session.display.show(*explained(session.translator, found))


def attention(session: Session, words: str) -> None:
    """:attention shows where the model looked in the last line, target pieces in rows; with FILE.svg (.png, .pdf), as
    a picture."""
    if session.translator.config.model.attention == "none":
        raise UserError("this model has no attention to show: it was trained with model.attention none.")
    line = session.last_line()
    if words:
        path = _new(words)
        draw = choose(FORMS, path.suffix.lower(), ":attention: the ending")
    found = session.answer(line, closely=True)
    drawn = attention_maps(session.translator, found)
    if not drawn:
        raise UserError("nothing of that line was translated: there is no attention to show.")
    if words:
        write_durably(path, draw(alignment(line, found, drawn)))
        session.display.remark(f"{path} is written")
        return
    width = shutil.get_terminal_size().columns
    for source, target, weights in drawn:
        session.display.show(*heat_map(source, target, weights, width))


def sample(session: Session, words: str) -> None:
    """:sample KEY=VALUE ... draws translations of the last line; settings (beam is how many) are for this time only."""
    line = session.last_line()
    given = settings(words)
    plain = SearchConfig()
    reset = {"strategy": "sampling", "risk": "none", "groups": plain.groups, "diversity": plain.diversity}
    tree = {**dict(session.search), **reset, **given}
    tree["nbest"] = given.get("nbest", tree["beam"])
    search = changed(session.translator.config, tree)
    session.display.show(*ranked(session.answer(line, search=search)))


def score(session: Session, words: str) -> None:
    """:score TARGET shows the log-probability of a translation of the last line, in nats."""
    scored = session.score(words or _missing("score", "TARGET"))
    session.display.show(f"{scored.log_probability:.6f}")


def save(session: Session, words: str) -> None:
    """:save FILE writes all lines so far with their translations, a tab between; packed where it ends in .gz or so."""
    path = _path(words or _missing("save", "FILE"))
    if path.resolve() != session.saved:
        path = _new(words)
    rows = ("\t".join(side.replace("\t", " ") for side in pair) for pair in session.transcript)
    with open_output(path) as file:
        file.write("".join(f"{row}\n" for row in rows).encode("utf-8", errors="replace"))
    session.saved = path.resolve()
    session.display.remark(f"{len(session.transcript):,} lines are in {path}")


def source(session: Session, words: str) -> None:
    """:source FILE answers the lines of a file as if they were typed."""
    path = _path(words or _missing("source", "FILE"))
    if path.resolve() in session.sources:
        raise UserError(f"{path} is being answered already: it cannot have itself answered.")
    session.sources.append(path.resolve())
    try:
        with open_input(path) as raw_lines:
            answer_all(session, raw_lines, f"{path} ")
    finally:
        session.sources.pop()


def quit_(session: Session, words: str) -> None:
    """:quit leaves."""
    session.open = False


def answer_all(session: Session, raw_lines: Iterable[bytes], name: str = "") -> None:
    """Answers lines as they come, until the session is left."""

    def report(number: int, problem: str) -> None:
        session.display.remark(f"{name}line {number}: {problem}")

    for line in read_lines(raw_lines, report):
        answer(session, line)
        if not session.open:
            break


class Command(NamedTuple):
    """What it does with the words after its name, and what those are: settings, a file, a folder or anything."""

    run: Callable[[Session, str], None]
    takes: str = ""


GROUPS: dict[str, dict[str, Command]] = {
    "These hold for the lines that follow:": {
        "set": Command(set_, "settings"),
        "beam": Command(beam),
        "nbest": Command(nbest),
        "force": Command(force),
        "constrain": Command(constrain),
        "glossary": Command(glossary, "file"),
        "model": Command(model, "folder"),
        "compare": Command(compare, "folder"),
    },
    "These look at the last line:": {
        "explain": Command(explain),
        "attention": Command(attention, "file"),
        "sample": Command(sample, "settings"),
        "score": Command(score),
    },
    "And:": {
        "save": Command(save, "file"),
        "source": Command(source, "file"),
        "help": Command(help_),
        "quit": Command(quit_),
    },
}
COMMANDS: dict[str, Command] = {name: command for group in GROUPS.values() for name, command in group.items()}


def settings(words: str) -> dict[str, object]:
    """Settings written as KEY=VALUE, the beginning of a KEY where it is no other's; None for an empty VALUE. Raises
    UserError for what is none."""
    found: dict[str, object] = {}
    for word in words.split():
        name, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"{word!r} has no =: write KEY=VALUE, as in beam=8.")
        found[_key(name)] = value or None
    return found


def _key(name: str) -> str:
    written = name.replace("-", "_")
    candidates = [key for key in SETTINGS if key.startswith(written)] if written else []
    if written in candidates or len(candidates) == 1:
        return written if written in candidates else candidates[0]
    if candidates:
        raise UserError(f"{name!r} may be {' or '.join(candidates)}: write more of it.")
    raise unknown("the setting", name, SETTINGS)


def _number(command: str, words: str) -> int:
    """The one number that a command takes."""
    try:
        return int(words)
    except ValueError:
        raise UserError(f":{command} takes one whole number, as in :{command} 3.") from None


def _tell_width(session: Session) -> None:
    session.display.remark(f"beam {session.search.beam}, nbest {session.search.nbest}")


def _missing(command: str, what: str) -> str:
    raise UserError(f":{command} needs more: write :{command} {what}.")


def _path(words: str) -> Path:
    return Path(words).expanduser()


def _new(words: str) -> Path:
    """A file to write, which nothing is lost by."""
    path = _path(words)
    if path.exists() or path.is_symlink():
        raise UserError(f"{path} is {'a folder' if path.is_dir() else 'there already'}: choose another name.")
    return path


def _loaded(session: Session, words: str) -> Model:
    """The model in a folder; one with which the search cannot be is refused."""
    folder = _path(words)
    loaded = Model(folder.resolve().name, session.load(folder))
    changed(loaded.translator.config, session.changes)
    return loaded
