"""The same corpus in every form, packed in every way, is the same pairs; and what is particular to a form."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import polib
import pytest
from corpora import FORMS, TEXTS, Write, moses_zip, packed, parallel, save, tar_gz, tmx
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.data.corpus import READERS, fingerprint, languages, read_pairs
from nmt.data.corpus.po import read_po
from nmt.data.packing import PACKINGS
from nmt.errors import UserError

PAIRS = [
    ("A dog runs.", "Ein Hund läuft."),
    ("Text\u2028with\x85odd separators", "auch \u2029 hier\ufeff"),
    ('"quotes" and \\backslashes\\n', "„Anführungszeichen“ 🐕"),
    ("<b>a & b</b> &amp; {0}", "5 % < 6 %"),
    ("", "blank on one side"),
    *((f"Sentence number {number}.", f"Satz Nummer {number}.") for number in range(2500)),
]
CLEAN = [PAIRS[0], ("Text with odd separators", "auch   hier "), *PAIRS[2:]]
HEAD = b'<?xml version="1.0"?>\n<tmx version="1.4"><body>'


@pytest.fixture(autouse=True)
def no_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


def read(locations: list[str], source: str | None = "en", target: str | None = "de") -> list[tuple[str, str]]:
    return list(read_pairs(locations, source, target))


def message(locations: list[str], source: str | None = "en", target: str | None = "de") -> str:
    with pytest.raises(UserError) as error:
        read(locations, source, target)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
def test_every_form_gives_the_same_pairs(write: Write, tmp_path: Path) -> None:
    assert read(write(tmp_path, PAIRS)) == CLEAN


@pytest.mark.parametrize("ending", PACKINGS)
@pytest.mark.parametrize("write", TEXTS.values(), ids=TEXTS)
def test_every_text_can_be_packed_in_every_way(write: Write, ending: str, tmp_path: Path) -> None:
    assert read([packed(path, ending) for path in write(tmp_path, PAIRS)]) == CLEAN


def test_every_form_of_the_table_is_written_by_a_test(tmp_path: Path) -> None:
    written = [write(tmp_path / str(number), PAIRS[:9]) for number, write in enumerate(FORMS.values())
               if (tmp_path / str(number)).mkdir() is None]  # fmt: skip
    known = {next(form for form, reader in READERS.items() if reader.accepts(locations)) for locations in written}
    assert known == set(READERS)


@pytest.mark.parametrize("ending", PACKINGS)
def test_a_packed_file_that_is_cut_off_is_an_error_with_its_line(ending: str, tmp_path: Path) -> None:
    pairs = [(str(number**9), str(number**11)) for number in range(20_000)]
    path = packed(parallel(tmp_path, pairs)[0], ending)
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole[: len(whole) // 2])
    assert f"{path} cannot be read from line" in message([path, str(tmp_path / "train.de")])


@pytest.mark.parametrize("form", ["tsv", "jsonl", "tmx", "po", "parquet", "moses zip"])
def test_a_missing_file_is_an_error(form: str, tmp_path: Path) -> None:
    (location,) = FORMS[form](tmp_path, PAIRS[:2])
    Path(location).unlink()
    assert f"{location} is missing" in message([location])


# TSV


def test_a_header_of_two_codes_tells_the_languages_and_is_no_pair(tmp_path: Path) -> None:
    path = save(tmp_path / "a.tsv", b"de\ten\nein Hund\ta dog\n")
    assert languages(path) == ("de", "en")
    assert read(path, None, None) == [("ein Hund", "a dog")]
    assert read(path, "en", None) == [("a dog", "ein Hund")]
    assert languages(save(tmp_path / "b.tsv", b"A dog.\tEin Hund.\n")) == (None, None)


# TMX


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [(("EN", "de-DE"), ("en", "de")), (("en", "de"), ("en_US", "de-AT")), (("en", "de"), (None, None))],
)
def test_a_language_of_tmx_is_found_with_or_without_its_region(
    codes: tuple[str, str], wanted: tuple[str | None, str | None], tmp_path: Path
) -> None:
    assert read(tmx(tmp_path, PAIRS[:1], codes), *wanted) == PAIRS[:1]


def test_the_very_region_comes_first_and_another_is_not_taken(tmp_path: Path) -> None:
    unit = "".join(f'<tuv xml:lang="{code}"><seg>{code}</seg></tuv>' for code in ("en", "pt", "pt-BR", "de"))
    path = save(tmp_path / "a.tmx", HEAD + f"<tu>{unit}</tu></body></tmx>".encode())
    assert read(path, "en", "pt-BR") == [("en", "pt-BR")]
    assert read(path, "en", "pt-PT") == [("en", "pt")]
    assert "languages there: de, en, pt, pt-BR" in message(path, "en", "fr")


def test_the_markup_of_a_segment_is_left_out_and_its_text_is_not(tmp_path: Path) -> None:
    unit = (
        '<tuv xml:lang="en"><seg>a <bpt i="1">&lt;b&gt;</bpt>bold<ept i="1">&lt;/b&gt;</ept> <hi>dog</hi></seg></tuv>'
    )
    unit += '<tuv xml:lang="de"><seg>ein<ph>{<sub>x</sub>}</ph> Hund</seg></tuv>'
    path = save(tmp_path / "a.tmx", HEAD + f"<tu>{unit}</tu></body></tmx>".encode())
    assert read(path) == [("a bold dog", "ein Hund")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (HEAD + b"<tu>\n</body>", "line 3, column 3: mismatched tag"),
        (b'<!DOCTYPE x [\n<!ENTITY a "aaaa">]><tmx/>', "line 2: declares the entity 'a'"),
        (b'<!DOCTYPE x SYSTEM "x.dtd">\n<tmx>&nbsp;</tmx>', "line 2: the entity 'nbsp'"),
        (HEAD + b"\n<tu><tuv><seg>a</seg></tuv></tu></body></tmx>", "line 3: a <tuv> without xml:lang"),
        (b'<?xml version="1.0" encoding="klingon"?><tmx/>', "line 1"),
    ],
)
def test_what_is_wrong_in_tmx_is_told_with_its_line(content: bytes, told: str, tmp_path: Path) -> None:
    assert told in message(save(tmp_path / "a.tmx", content))


# PO

CATALOGUE = r"""# a translator's comment
msgid ""
msgstr "Language: de\n"

#: file.c:7
msgid "one\t" "file"
msgstr "x"
"""
PLURALS = r"""
#, fuzzy
msgid "unsure"
msgstr "unsicher"

msgid "not yet"
msgstr ""

msgctxt "menu"
msgid ""
"%d "
"file\n"
msgid_plural "%d files"
msgstr[0] "%d Datei"
msgstr[1] "%d Dateien"

#~ msgid "old"
#~ msgstr "alt"
"""


def test_of_a_catalogue_the_sure_translations_are_read_and_plurals_twice(tmp_path: Path) -> None:
    path = save(tmp_path / "a.po", ('msgid ""\nmsgstr "Language: de\\n"\n' + PLURALS).encode())
    assert read(path) == [("%d file ", "%d Datei"), ("%d files", "%d Dateien")]
    assert read(path, "de", "en") == [("%d Datei", "%d file "), ("%d Dateien", "%d files")]
    assert languages(path) == (None, "de")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("msgid no quotes", "line 8: neither a comment nor"),
        ('msgid "a"b"', "line 8: neither a comment nor"),
        (r'msgid "\q"', r"line 8: '\q' stands for nothing"),
        ('msgstr "twice"', "line 8: a text that belongs to no keyword, or is there twice"),
        ('msgid "alone"', "line 8: an entry without msgid or msgstr"),
    ],
)
def test_what_is_wrong_in_a_catalogue_is_told_with_its_line(line: str, told: str, tmp_path: Path) -> None:
    content = CATALOGUE.replace('" "', "") + line + "\n"
    assert told in message(save(tmp_path / "a.po", content.encode()))


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\t"\\\r'), max_size=30)


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts.filter(bool)), min_size=1, max_size=5))
def test_what_polib_writes_is_read_as_it_was(pairs: list[tuple[str, str]]) -> None:
    import tempfile

    catalogue = polib.POFile(wrapwidth=20)
    for number, (source, target) in enumerate(pairs):
        catalogue.append(polib.POEntry(msgctxt=str(number), msgid=source, msgstr=target))
    with tempfile.NamedTemporaryFile(suffix=".po") as file:
        file.write(str(catalogue).encode())
        file.flush()
        assert list(read_po([file.name], "en", "de", "train")) == pairs


# Shards and archives


def test_a_shard_of_one_language_alone_is_an_error(tmp_path: Path) -> None:
    for number in range(3):
        parallel(tmp_path, PAIRS[:2], f"train-{number}")
    (tmp_path / "train-1.de").unlink()
    assert message([str(tmp_path)]) == (
        f"{tmp_path}: train-1.en is there without train-1.de: complete it, or take it away."
    )


def test_a_shard_less_than_their_names_say_is_an_error(tmp_path: Path) -> None:
    for number in (0, 2):
        parallel(tmp_path, PAIRS[:2], f"train-0000{number}-of-00003")
    assert "has 2 of 3 shards" in message([str(tmp_path)])


def test_a_folder_of_several_forms_and_one_of_other_languages_are_errors(tmp_path: Path) -> None:
    parallel(tmp_path, PAIRS[:2])
    assert "its files end in de, en. Set data.source and data.target" in message([str(tmp_path)], "en", "fr")
    save(tmp_path / "train.tsv", b"a\tb\n")
    assert "files of several forms (one .tsv, two parallel text files)" in message([str(tmp_path)])


def test_the_parts_of_a_folder_are_told_apart(tmp_path: Path) -> None:
    parallel(tmp_path, PAIRS[:2], "train.part-1")
    parallel(tmp_path, PAIRS[2:3], "val")
    assert list(read_pairs([str(tmp_path)], "en", "de", "validation")) == PAIRS[2:3]
    assert list(read_pairs([f"{tmp_path}:val"], "en", "de")) == PAIRS[2:3]
    assert len(read([str(tmp_path)])) == 2


def test_a_moses_archive_tells_its_languages_by_the_names_in_it(tmp_path: Path) -> None:
    assert languages(moses_zip(tmp_path, PAIRS[:2])) == ("de", "en")


def test_an_error_in_an_archive_names_the_file_in_it(tmp_path: Path) -> None:
    (path,) = moses_zip(tmp_path, PAIRS[:2])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Books.de-en.en", b"a\n\xff\n")
        archive.writestr("Books.de-en.de", b"a\nb\n")
    assert f"{path}/Books.de-en.en, line 2, byte 1" in message([path])


def test_the_fingerprint_of_a_file_in_an_archive_changes_with_the_archive(tmp_path: Path) -> None:
    (path,) = moses_zip(tmp_path, PAIRS[:2])
    locations = [f"{path}/Books.de-en.en", f"{path}/Books.de-en.de"]
    before = fingerprint(locations)
    assert fingerprint(locations) == before
    os.utime(path, ns=(1, 1))
    assert fingerprint(locations) != before


@pytest.mark.parametrize("write", [moses_zip, tar_gz])
def test_an_archive_that_is_cut_off_is_an_error(write: Write, tmp_path: Path) -> None:
    (path,) = write(tmp_path, [(str(number**9), str(number**11)) for number in range(5000)])
    shutil.copy(path, tmp_path / "whole")
    Path(path).write_bytes((tmp_path / "whole").read_bytes()[:-30_000])
    assert path in message([path])


# `datasets`


@pytest.mark.parametrize("content", [b"{bad\n", b"", b"[1, 2]\n", b'{"en": "a", "fr": "b"}\n', b"\xff\xfe"])
def test_a_folder_that_datasets_streams_and_cannot_use_is_an_error(content: bytes, tmp_path: Path) -> None:
    save(tmp_path / "data" / "train.jsonl", content)
    assert str(tmp_path / "data") in message([f"stream:{tmp_path / 'data'}"])


def test_what_datasets_streams_is_not_copied_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    assert read(FORMS["streamed by datasets"](tmp_path, PAIRS)) == CLEAN
    assert not any(path.is_file() for path in (tmp_path / "cache").rglob("*.arrow"))
