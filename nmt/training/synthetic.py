"""Synthetic pairs: text translated by other models, beside the training pairs in a mixture. They are made once, in the
folder of a run; a run that is stopped meanwhile goes on with them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from nmt import model_folder
from nmt.config import Config, SearchConfig, SyntheticConfig
from nmt.data import corpus
from nmt.data.corpus.mixture import Entry, Mixture, text_of
from nmt.data.lines import WINDOW, open_input, open_output, read_lines, reporter
from nmt.data.noise import BLANK, noised
from nmt.data.progress import open_progress
from nmt.documents import translate_document
from nmt.errors import UserError
from nmt.formats import FORMATS, Format
from nmt.pipeline import Pipeline, Wishes
from nmt.search.settings import changed
from nmt.training.corpora import SIDES, Corpora, made_of, write_record
from nmt.translator import Translator

SYNTHETIC = "synthetic"
"""The folder of the pairs, in the trainer's; the stem of the files of those that were made."""
ORIGINAL = "original"
"""The stem of the files of those that were there before."""
MIXTURE = "mixture.toml"


class _Part(NamedTuple):
    """Pairs that are made together: the side that is made, the models that do it, the stem of the files."""

    side: str
    models: tuple[str, ...]
    stem: str = SYNTHETIC


def with_synthetic(corpora: Corpora, config: Config, folder: Path, *, new: bool = False) -> Corpora:
    """The corpora with the mixture that `config.synthetic` asks for as training pairs, if it asks for any. It lies in
    `folder`, and is made if nothing is there or, of a `new` run, if what is there is made of anything else. Raises
    UserError where it cannot be made."""
    settings = config.synthetic
    if not settings.models:
        return corpora
    if not folder.exists() or (new and made_of(folder) != _record(corpora, config)):
        _make(corpora, config, folder)
    # The tags of a mixture that was there before stand in its sentences now.
    symbols = (*corpora.tags, *([BLANK] if settings.method == "noised" else []))
    return replace(corpora, train=(str(folder / MIXTURE),), symbols=symbols)


def check_synthetic(settings: SyntheticConfig) -> None:
    """Raises UserError for settings that do not go together, for models that are none and text that is none."""
    plain = SyntheticConfig()
    for key, value in settings:
        if not settings.models and value != getattr(plain, key):
            raise UserError(f"synthetic.{key} is given, but no model that translates: set synthetic.models.")
    if settings.method == "noised" and settings.side != "source":
        raise UserError(
            f"synthetic.method noised is for sources, and synthetic.side is {settings.side}: change one of them."
        )
    if settings.side == "both" and settings.text:
        raise UserError("synthetic.text has one side, and synthetic.side is both: leave one of them out.")
    if settings.method == "sampled" and settings.beam != plain.beam:
        raise UserError("synthetic.beam is for a search, and synthetic.method sampled draws: leave one of them out.")
    for model in settings.models:
        model_folder.load_config(Path(model))
    sentences = False
    for path in settings.text:
        with open_input(Path(path)) as raw_lines:  # every one can be read
            sentences = sentences or any(line.strip() for line in raw_lines)
    if settings.text and not sentences:
        raise UserError(
            f"synthetic.text: no sentence in {' and '.join(settings.text)}: give text, one sentence a line."
        )


def _make(corpora: Corpora, config: Config, folder: Path) -> None:
    """Writes the mixture and its files, under another name until all are there."""
    settings = config.synthetic
    check_synthetic(settings)
    parts = _parts(corpora, settings)
    work = folder.with_name(f"{folder.name}.partial")
    _begin(work, _record(corpora, config), anew=folder.exists())
    original, *synthetic = (_files(stem, corpora) for stem in (ORIGINAL, *(part.stem for part in parts)))
    if settings.original:
        for place, file in enumerate(original):
            pairs = corpora.pairs("train", corpora.train)
            _write_lines(work / file, (pair[place] for pair in pairs))
    for part, files in zip(parts, synthetic, strict=True):
        given, made = (work / file for file in (files if part.side == "target" else files[::-1]))
        _write_lines(given, _given(corpora, config, part.side))
        if not made.exists():
            _translate(config, part.models, given, made)
    model_folder.write_durably(work / MIXTURE, text_of(_mixture(settings, original, synthetic)).encode())
    shutil.rmtree(folder, ignore_errors=True)
    work.rename(folder)
    print(f"synthetic pairs: {folder}", file=sys.stderr, flush=True)


def _parts(corpora: Corpora, settings: SyntheticConfig) -> list[_Part]:
    """What is to be made."""
    sides = [_side(model, corpora, settings.side) for model in settings.models]
    if settings.side != "both":
        return [_Part(settings.side, settings.models)]
    return [
        _Part(side, (model,), f"{SYNTHETIC}-{number}")
        for number, (side, model) in enumerate(zip(sides, settings.models, strict=True), start=1)
    ]


def _side(model: str, corpora: Corpora, wanted: str) -> str:
    """The side that a model makes. Raises UserError where that is surely none that is wanted, because the model has one
    of the languages and not both; codes of another kind, such as deu for de, tell nothing, which is too little where
    both sides are wanted."""
    ways = {"target": (corpora.source, corpora.target), "source": (corpora.target, corpora.source)}
    data = model_folder.load_config(Path(model)).data
    theirs = data.source, data.target
    if wanted == "both":
        side = next((side for side, way in ways.items() if None not in way and way == theirs), None)
        needed = f"one between {corpora.source} and {corpora.target}"
    else:
        way = ways[wanted]
        known = None not in (*theirs, *way) and set(theirs) & set(way)
        side = None if known and theirs != way else wanted
        needed = f"one from {way[0]} to {way[1]}"
    if side is None:
        first, second = (language or "several languages" for language in theirs)
        raise UserError(
            f"{model} translates from {first} to {second}, and synthetic.side {wanted} needs {needed}: name another "
            "model."
        )
    return side


def _record(corpora: Corpora, config: Config) -> dict[str, Any]:
    """What the pairs are made of: while that is the same, half of them are gone on with."""
    names = (model_folder.WEIGHTS, "joint.spm", "source.spm", "target.spm")
    models = [str(Path(model) / name) for model in config.synthetic.models for name in names]
    parts = (models, config.synthetic.text, corpora.train)
    return {
        **config.synthetic.model_dump(mode="json"),
        "seed": config.train.seed,
        "files": [corpus.fingerprint(part) for part in parts],
    }


def _begin(work: Path, record: dict[str, Any], *, anew: bool) -> None:
    """Makes the folder, without what was begun of anything else. anew: whole ones are there of anything else."""
    there = made_of(work)
    if there != record:
        if anew or there is not None:
            print("synthetic pairs are made anew: models, text or settings are others now", file=sys.stderr)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        write_record(work, record)


def _given(corpora: Corpora, config: Config, side: str) -> Iterator[str]:
    """The sentences that are translated to make a side: those of the text, or of the training pairs that are worth
    training on."""
    settings = config.synthetic
    if not settings.text:
        place = 0 if side == "target" else 1
        yield from (pair[place] for pair in corpora.clean(config.data)[1])
    for path in settings.text:
        with open_input(Path(path)) as raw_lines:
            yield from read_lines(raw_lines, reporter(path))


def _translate(config: Config, models: tuple[str, ...], given: Path, made: Path) -> None:
    """Writes what the models make of a file, from where that was stopped."""
    settings = config.synthetic
    first, *others = map(Path, models)
    if config.train.threads:
        torch.set_num_threads(config.train.threads)
    translator = Translator.load(first, config.train.device, others)
    with open_input(given) as raw_lines:
        count = sum(1 for _ in raw_lines)
    by = " and ".join(models)
    print(f"synthetic pairs: {count:,} sentences are translated by {by}", file=sys.stderr, flush=True)
    with (
        open_input(given) as raw_lines,
        open_progress(made, resume=True, keep=True, step=WINDOW, going_on="the same command") as progress,
        tqdm(total=count, initial=progress.kept, unit=" lines", disable=not sys.stderr.isatty()) as bar,
    ):
        translate_document(
            Pipeline(translator, Wishes(tag=settings.ask or "")),
            raw_lines,
            progress,
            _format(settings, config.train.seed),
            search=search_of(translator.config, settings, config.train.seed),
            window=WINDOW,
            report=reporter(str(given)),
            done=bar.update,
        )


def search_of(model: Config, settings: SyntheticConfig, seed: int) -> SearchConfig:
    """The search of a model, changed as the settings ask."""
    changes: dict[str, object] = {"strategy": "beam", "beam": settings.beam, "nbest": 1, "risk": "none"}
    if settings.method == "sampled":
        changes |= {"strategy": "sampling", "beam": 1, "seed": seed}
    return changed(model, changes)


def _format(settings: SyntheticConfig, seed: int) -> Format:
    """How a translation is written. The noise of a sentence hangs on its number alone, so that it can be made again."""
    if settings.method != "noised":
        return FORMATS["text"]
    return Format(lambda number, answer, attention: [noised(answer.text, Random(f"{seed} {number}"))], account=False)


def _files(stem: str, corpora: Corpora) -> tuple[str, ...]:
    """The names of a file of sources and one of targets."""
    return tuple(f"{stem}.{code or side}" for code, side in zip((corpora.source, corpora.target), SIDES, strict=True))


def _mixture(settings: SyntheticConfig, original: tuple[str, ...], synthetic: list[tuple[str, ...]]) -> Mixture:
    """The original pairs, where they count, and those that were made; the files lie beside the mixture."""
    before = [Entry(locations=original, weight=settings.original)] if settings.original else []
    return Mixture(corpus=(*before, *(Entry(locations=made, tag=settings.tag or "") for made in synthetic)))


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    """Writes a file of lines, unless it is there."""
    if not path.exists():
        with open_output(path) as file:
            file.writelines(f"{line}\n".encode() for line in lines)
