"""One model for several languages: the pairs of a folder in mixtures whose tags tell the language to translate into."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from nmt import model_folder
from nmt.config import Config
from nmt.data.corpus import folder_languages, folder_locations, folder_tests
from nmt.data.corpus.mixture import Entry, Mixture, text_of
from nmt.errors import UserError
from nmt.training.beginning import MIXTURES, check_free
from nmt.training.corpora import check_folder_alone

TAG = "<2{target}>"
"""How a source tells the language that it is translated into (Johnson et al. 2017)."""

Direction = tuple[str, str]


def in_mixtures(config: Config, temperature: float) -> Config:
    """The configuration with three mixtures for data.folder: training pairs at a temperature (Arivazhagan et al. 2019),
    validation and test pairs, of every language there that `data.source` and `data.target` leave open. They lie in the
    folder of the run. Without data.folder it stays as it is. Raises UserError where the languages are not several, and
    where a run began with others."""
    folder, output = config.data.folder, Path(config.output or "")
    if folder is None:
        return config
    check_folder_alone(config.data)
    directions = _directions(folder, config.data.source, config.data.target)
    parts = {
        "train": [_entry(folder_locations(folder, *one, "train"), one) for one in directions],
        "valid": [_entry(folder_locations(folder, *one, "val"), one) for one in directions],
        "test": [_entry(files, one) for one in directions for files in folder_tests(folder, *one).values()],
    }
    work = output / "trainer" / MIXTURES
    made = {part: Mixture(corpus=tuple(entries), temperature=temperature) for part, entries in parts.items() if entries}
    files = {part: (work / f"{part}.toml", text_of(mixture).encode()) for part, mixture in made.items()}
    if (output / model_folder.CONFIG).exists():
        for path, text in files.values():
            if not path.exists() or path.read_bytes() != text:
                problem = "did not begin with these languages and files"
                raise UserError(f"{output} {problem}: leave out data.folder to go on, or choose another --output.")
        return config.replace({"data.folder": None})
    check_free(output)
    work.mkdir(parents=True, exist_ok=True)
    for path, text in files.values():
        if not path.exists() or path.read_bytes() != text:  # or pairs made of it would count as made of another
            model_folder.write_durably(path, text)
    return config.replace({"data.folder": None, **{f"data.{part}": (str(path),) for part, (path, _) in files.items()}})


def _directions(folder: str, source: str | None, target: str | None) -> list[Direction]:
    there = folder_languages(folder)
    sources, targets = ([one] if one else there for one in (source, target))
    found = [(one, other) for one in sources for other in targets if one != other]
    if len(found) < 2:
        raise UserError(
            f"{folder} has {', '.join(there) or 'no language'}, with data.source {source or 'open'} and data.target "
            f"{target or 'open'}: leave one open, and give two languages beside the other, or a mixture of your own."
        )
    return found


def _entry(files: Iterable[str], direction: Direction) -> Entry:
    source, target = direction
    locations = tuple(map(os.path.abspath, files))
    return Entry(locations=locations, source=source, target=target, tag=TAG.format(target=target))
