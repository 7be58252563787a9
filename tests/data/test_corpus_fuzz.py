"""Whatever is wrong with a file, reading it ends: with pairs of text, or with one line that says where."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpora import FORMS, TEXTS, Write, packed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.data.corpus import languages, read_pairs
from nmt.data.packing import PACKINGS
from nmt.errors import UserError

PAIRS = [("A dog <runs> & 'sits'.", "Ein Hund läuft."), ("two\\n", "zwei\t"[:4]), ("", "c"), *[("same", "gleich")] * 40]
PLACE = re.compile(r"(line|row|byte|column|corpus) \d|, corpus: |no key of a mixture")
WHOLE = re.compile(
    "no sentence pairs|zip cannot be read|tgz cannot be read|must be parallel|no unit|its files end in|is no TOML|"
    "has no split|there without|several forms"
)
"""What is wrong with a file as a whole: it has no place."""
SECONDS = 20

FILES = {form: write for form, write in FORMS.items() if "datasets" not in form and "shards" not in form}

SNIPPETS = rb"""
    \x00 \xff \xed\xa0\x80 \n \r \t " \\ < & ]]> <seg> </tu> <!ENTITY &a; &#xD800;
    { } [ = \\ud83d msgid" msgstr[0] #~ #,fuzzy
"""
snippets = st.sampled_from([word.decode("unicode_escape").encode("latin-1") for word in SNIPPETS.split()])
edits = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 40), st.one_of(st.binary(max_size=4), snippets)),
    min_size=1,
    max_size=4,
)
"""Where in the file, how many bytes are taken out there, and what comes in their place."""


sources = st.sampled_from(["en", None])


@pytest.fixture(autouse=True, scope="module")
def no_network() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        patch.setattr("datasets.config.HF_HUB_OFFLINE", True)
        yield


def spoiled(content: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, gone, new in changes:
        start = int(place * (len(content) + 1))
        content = content[:start] + new + content[start + gone :]
    return content


def check(locations: list[str], source: str | None) -> bool:
    """Reads a corpus that may be wrong anywhere; returns whether it was found to be."""
    began = time.monotonic()
    try:
        languages(locations)
        for pair in read_pairs(locations, source, "de"):
            assert all(part.encode() is not None for part in pair)
    except UserError as error:
        told = str(error)
        assert "\n" not in told
        assert locations[0].rsplit("/", 1)[0] in told, told
        assert PLACE.search(told) or WHOLE.search(told), told
        return True
    finally:
        assert time.monotonic() - began < SECONDS
    return False


def fuzz(form: str, write: Write, examples: int) -> int:
    """Spoils files of a form and reads them; returns how many were read to be wrong."""
    wrong = []

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        edits, st.sampled_from(["", *PACKINGS] if form in TEXTS else [""]), st.booleans(), st.sampled_from(["en", None])
    )
    def one(changes: list[tuple[float, int, bytes]], ending: str, before: bool, source: str | None) -> None:
        with tempfile.TemporaryDirectory() as folder:
            locations = write(Path(folder), PAIRS)
            first, *others = [Path(path) for path in locations]
            if before or not ending:  # or what is packed, is spoiled
                first.write_bytes(spoiled(first.read_bytes(), changes))
            if ending:
                first = Path(packed(str(first), ending))
            if not before and ending:
                first.write_bytes(spoiled(first.read_bytes(), changes))
            wrong.append(check([str(first), *map(str, others)], source))

    one()
    return sum(wrong)


@pytest.mark.parametrize("form", FILES)
def test_a_spoiled_file_gives_pairs_or_one_line_that_says_where(form: str) -> None:
    fuzz(form, FILES[form], 30)


@pytest.mark.slow
@pytest.mark.parametrize("form", FILES)
def test_hundreds_of_spoiled_files_of_each_form_give_errors_with_positions(form: str) -> None:
    wrong = fuzz(form, FILES[form], 600)
    print(f"{form}: {wrong} of 600 spoiled files were found to be wrong")
    assert wrong >= (200 if form not in ("tsv", "jsonl") else 100)


@pytest.mark.parametrize("form", FILES)
@settings(max_examples=20, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_in_place_of_a_file_give_pairs_or_one_line(form: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        locations = FILES[form](Path(folder), PAIRS[:1])
        Path(locations[0]).write_bytes(content)
        check(locations, "en")
