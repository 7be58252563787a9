"""Every form of corpus gives the same pairs, only "\\n" ends a line, and whatever is wrong is a UserError."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.data.corpus import (
    READERS,
    Pair,
    fingerprint,
    folder_locations,
    folder_tests,
    languages,
    lines,
    read_pairs,
)
from nmt.data.lines import clean_line
from nmt.errors import UserError

PAIRS = [
    Pair("A dog runs.", "Ein Hund läuft."),
    Pair("Text\u2028with\x85odd\x0cseparators\rinside", "\ufeffauch \u2029 hier"),
    Pair("", "blank on one side"),
    Pair('"quotes" and \\backslashes\\', "„Anführungszeichen“ 🐕"),
]

CLEAN = [
    Pair("A dog runs.", "Ein Hund läuft."),
    Pair("Text with odd separators inside", " auch   hier"),
    *PAIRS[2:],
]
"""The pairs as they are read: control characters and separators are spaces."""

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

Write = Callable[[Path, list[Pair]], list[str]]


def write_parallel(folder: Path, pairs: list[Pair]) -> list[str]:
    for language, side in (("en", 0), ("de", 1)):
        (folder / f"train.{language}").write_bytes("".join(pair[side] + "\n" for pair in pairs).encode())
    return [str(folder / "train.en"), str(folder / "train.de")]


def write_tsv(folder: Path, pairs: list[Pair]) -> list[str]:
    (folder / "train.tsv").write_bytes("".join("\t".join(pair) + "\n" for pair in pairs).encode())
    return [str(folder / "train.tsv")]


def write_tsv_with_header(folder: Path, pairs: list[Pair]) -> list[str]:
    rows = ["de\tid\ten", *(f"{pair.target}\t7\t{pair.source}" for pair in pairs)]
    (folder / "named.tsv").write_bytes("".join(row + "\n" for row in rows).encode())
    return [str(folder / "named.tsv")]


def json_writer(name: str, row: Callable[[Pair], dict[str, Any]]) -> Write:
    def write(folder: Path, pairs: list[Pair]) -> list[str]:
        folder.mkdir(exist_ok=True)
        text = "".join(json.dumps(row(pair), ensure_ascii=False) + "\n" for pair in pairs)
        (folder / name).write_bytes(text.encode())
        return [str(folder / name)]

    return write


write_nested_json = json_writer("nested.jsonl", lambda p: {"translation": {"en": p.source, "de": p.target}})
write_flat_json = json_writer("flat.jsonl", lambda p: {"id": 1, "de": p.target, "en": p.source})
write_plain_json = json_writer("plain.json", lambda p: {"source": p.source, "target": p.target})


def write_dataset_folder(folder: Path, pairs: list[Pair]) -> list[str]:
    json_writer("train.jsonl", lambda p: {"translation": {"en": p.source, "de": p.target}})(folder / "data", pairs)
    return [str(folder / "data")]


def write_dataset_saved(folder: Path, pairs: list[Pair]) -> list[str]:
    import datasets

    columns = {"en": [pair.source for pair in pairs], "de": [pair.target for pair in pairs]}
    datasets.Dataset.from_dict(columns).save_to_disk(str(folder / "saved"))
    return [str(folder / "saved")]


TEXT_WRITERS: list[Write] = [
    write_parallel,
    write_tsv,
    write_tsv_with_header,
    write_nested_json,
    write_flat_json,
    write_plain_json,
]
WRITERS: list[Write] = [*TEXT_WRITERS, write_dataset_folder, write_dataset_saved]


@pytest.fixture(autouse=True)
def no_network_and_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


@contextmanager
def file_of(content: bytes, name: str) -> Iterator[str]:
    """A file for one Hypothesis example; pytest's tmp_path is the same for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        yield str(path)


def read(locations: list[str], source: str | None = "en", target: str | None = "de", **options: str) -> list[Pair]:
    return list(read_pairs(locations, source, target, **options))


def message(locations: list[str], source: str | None = "en", target: str | None = "de") -> str:
    """The error that reading gives; always one line."""
    with pytest.raises(UserError) as error:
        read(locations, source, target)
    assert "\n" not in str(error.value)
    return str(error.value)


# Every form


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_every_form_gives_the_same_pairs(write: Write, tmp_path: Path) -> None:
    assert read(write(tmp_path, PAIRS)) == CLEAN


@pytest.mark.parametrize("write", TEXT_WRITERS, ids=lambda write: write.__name__)
def test_a_gzipped_corpus_is_the_same_corpus(write: Write, tmp_path: Path) -> None:
    zipped = []
    for path in write(tmp_path, PAIRS):
        zipped.append(path + ".gz")
        Path(path + ".gz").write_bytes(gzip.compress(Path(path).read_bytes()))
        os.remove(path)
    assert read(zipped) == CLEAN


def test_every_form_of_the_table_is_written_by_a_test(tmp_path: Path) -> None:
    accepted = set()
    for write in WRITERS:
        locations = write(tmp_path, PAIRS)
        accepted.add(next(name for name, reader in READERS.items() if reader.accepts(locations)))
    assert accepted <= set(READERS)


@pytest.mark.parametrize("write", TEXT_WRITERS, ids=lambda write: write.__name__)
def test_pairs_are_streamed(write: Write, tmp_path: Path) -> None:
    locations = write(tmp_path, PAIRS * 5_000)
    with open(locations[-1], "ab") as file:
        file.write(b"\xff")
    pairs = read_pairs(locations, "en", "de")
    assert [next(pairs) for _ in PAIRS] == CLEAN  # the bad end of the file has not been read


def test_what_is_read_is_clean_and_each_side_that_was_not_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    locations = write_plain_json(tmp_path, [*PAIRS, Pair("two\nlines\x00", "\ta\u00a0b\u00ad\u200d")])
    pairs = list(read_pairs(locations, "en", "de", report=lambda number, problem: told.append((number, problem))))
    assert pairs == [*CLEAN, ("two lines ", "\ta\u00a0b\u00ad\u200d")]
    assert [number for number, _ in told] == [2, 2, 5]
    assert "U+2028" in told[0][1]


@pytest.mark.parametrize("locations", [[], ["a", "b", "c"], ["a.tsv", "b.tsv"], ["a.en", "b.json"], [""], [":train"]])
def test_locations_of_no_form_are_an_error_that_lists_the_forms(locations: list[str]) -> None:
    assert all(form in message(locations) for form in READERS)


def test_one_text_file_alone_is_an_error_that_lists_the_forms(tmp_path: Path) -> None:
    assert "two parallel text files" in message(write_parallel(tmp_path, PAIRS)[:1])


# Lines

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=20)


@relaxed
@given(st.lists(texts.filter(lambda text: not text.endswith("\r")), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_n_lines_in_are_n_lines_out(written: list[str], end: str) -> None:
    with file_of("".join(line + end for line in written).encode(), "lines") as path:
        assert list(lines(path)) == [written[0].removeprefix("\ufeff"), *written[1:]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\r\nb\r", ["a", "b\r"]),
        (b"a\r\r\n", ["a\r"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", ["a", "\ufeffb"]),
        (b"\xef\xbb\xbf", []),
        (b"\xef\xbb\xbf\n", [""]),
        ("a\u2028b\x85c\x0cd\x1ce\x0bf\rg".encode(), ["a\u2028b\x85c\x0cd\x1ce\x0bf\rg"]),
    ],
)
def test_only_a_line_feed_ends_a_line(content: bytes, expected: list[str]) -> None:
    with file_of(content, "lines") as path:
        assert list(lines(path)) == expected


def test_invalid_utf_8_is_an_error_with_file_line_byte_and_mend(tmp_path: Path) -> None:
    locations = write_parallel(tmp_path, PAIRS[:1] * 3)
    Path(locations[1]).write_bytes(b"gut\ngut\nM\xfcnchen\n")
    assert f"{locations[1]}, line 3, byte 2: 0xfc is not UTF-8" in message(locations)
    assert "iconv" in message(locations)


# Parallel files


def test_lines_lost_at_the_end_are_looked_for_there(tmp_path: Path) -> None:
    locations = write_parallel(tmp_path, PAIRS * 50)
    Path(locations[0]).write_text("A dog runs.\n" * 100)
    told = f"{locations[0]} has 100 lines, {locations[1]} has 200: they must be parallel."
    assert message(locations) == f"{told} No line stands out, so look near the end."


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_one_file_under_two_names_is_an_error(link: Callable[[str, str], None], tmp_path: Path) -> None:
    first, _ = write_parallel(tmp_path, PAIRS)
    assert "the same file" in message([first, first])
    link(first, str(tmp_path / "again.de"))
    assert "the same file" in message([first, str(tmp_path / "again.de")])


# What is wrong with a file


def test_a_missing_file_is_an_error_that_names_the_nearest_one(tmp_path: Path) -> None:
    source, target = write_parallel(tmp_path, PAIRS)
    wrong = str(tmp_path / "trian.de")
    assert message([source, wrong]) == f"{wrong} is missing. Did you mean {target}?"
    assert "there is no folder" in message([source, str(tmp_path / "nowhere" / "train.de")])
    assert f"{tmp_path / 'traim.tsv'} is missing." in message([str(tmp_path / "traim.tsv")])


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_an_empty_corpus_is_an_error(write: Write, tmp_path: Path) -> None:
    locations = write(tmp_path, [])
    assert locations[0] in message(locations)


def test_a_folder_in_place_of_a_text_file_is_an_error(tmp_path: Path) -> None:
    first, _ = write_parallel(tmp_path, PAIRS)
    assert "cannot be read" in message([first, str(tmp_path)])


PACKED = gzip.compress(b"a\tb\n" * 999, mtime=0)


@pytest.mark.parametrize("content", [b"", b"no gzip", PACKED[:-12], PACKED[:5]])
def test_a_damaged_gzip_file_is_an_error(content: bytes) -> None:
    with file_of(content, "train.tsv.gz") as path:
        assert path in message([path])


@pytest.mark.parametrize("line", ["one column", "three\tcolumns\there", ""])
def test_a_tsv_line_with_other_columns_is_an_error_with_its_number(line: str) -> None:
    with file_of(f"a\tb\n{line}\nc\td\n".encode(), "train.tsv") as path:
        assert f"{path}, line 2: 2 columns needed, {line.count(chr(9)) + 1} found" in message([path])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"en": "a", "de": "b"', "not a JSON object"),
        ('["a", "b"]', "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ('{"en": ' + "9" * 5_000 + "}", "not a JSON object"),
        ('{"en": "a", "fr": "b"}', "has 'en', 'fr'"),
        ("{}", "has none"),
        ('{"translation": "a"}', "'translation' is 'a'"),
        ('{"en": "a", "de": 3}', "'de': 3 is not text"),
        ('{"en": "a", "de": "\\ud83d"}', "is not text"),
    ],
)
def test_a_bad_json_line_is_an_error_with_its_number(line: str, complaint: str) -> None:
    with file_of(('{"en": "a", "de": "b"}\n' + line + "\n").encode(), "train.jsonl") as path:
        told = message([path])
        assert told.startswith(f"{path}, line 2")
        assert complaint in told


def test_missing_keys_are_an_error_that_says_what_was_looked_for() -> None:
    with file_of(b'{"en": "a", "fr": "b"}\n', "train.jsonl") as path:
        assert "needs the keys 'en' and 'de', or 'source' and 'target'; has 'en', 'fr'" in message([path])


def test_a_null_is_a_blank_and_blank_lines_of_json_are_skipped() -> None:
    with file_of(b'{"en": null, "de": "b"}\n\n{"en": "a", "de": "b"}\n\n', "train.jsonl") as path:
        assert read([path]) == [("", "b"), ("a", "b")]


json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
rows = st.dictionaries(st.sampled_from(["translation", "en", "de", "source", "target"]), json_values)
contents = st.one_of(
    st.binary(),
    st.lists(st.text(max_size=10) | st.sampled_from(["en\tde", "a\tb"])).map(
        lambda written: "\n".join(written).encode()
    ),
    st.lists(rows).map(lambda written: "\n".join(map(json.dumps, written)).encode()),
    st.lists(st.fixed_dictionaries({"translation": rows})).map(lambda w: "\n".join(map(json.dumps, w)).encode()),
    st.binary().map(gzip.compress),
)


@relaxed
@given(
    contents,
    st.sampled_from(["x.tsv", "x.jsonl", "x.json.gz", "x.tsv.gz", "x.txt"]),
    st.sampled_from(["en", None]),
)
def test_any_content_gives_pairs_of_text_or_a_user_error(content: bytes, name: str, source: str | None) -> None:
    with file_of(content, name) as path, file_of(b"a\nb\n", "other.de") as other:
        for locations in ([path], [path, other]):
            with suppress(UserError):
                languages(locations)
                assert all(part.encode() is not None for pair in read(locations, source, "de") for part in pair)


# Round trips

pairs_of_text = st.lists(
    st.builds(Pair, texts, texts).filter(lambda pair: "\t" not in "".join(pair)), min_size=1, max_size=8
)


def clean(pairs: list[Pair]) -> list[Pair]:
    return [Pair(*map(clean_line, pair)) for pair in pairs]


@relaxed
@given(pairs_of_text, st.booleans())
def test_json_lines_give_back_what_was_written(pairs: list[Pair], ascii_only: bool) -> None:
    rows = [json.dumps({"translation": {"en": a, "hau": b}}, ensure_ascii=ascii_only) for a, b in pairs]
    with file_of("\n".join(rows).encode(), "train.jsonl") as path:
        assert read([path], "en", "hau") == clean(pairs)
        assert read([path], "hau", "en") == [(b, a) for a, b in clean(pairs)]
        assert read([path], None, None) == clean(pairs)


@relaxed
@given(pairs_of_text)
def test_tsv_gives_back_what_was_written_under_its_header(pairs: list[Pair]) -> None:
    content = "\n".join(["en\tde", *(f"{a}\t{b}" for a, b in pairs), ""])
    with file_of(content.replace("\r\n", "\r\r\n").encode(), "train.tsv") as path:
        assert read([path], "en", "de") == clean(pairs)
        assert read([path], "de", "en") == [(b, a) for a, b in clean(pairs)]
        assert read([path], "cs", "fr") == [("en", "de"), *clean(pairs)]


# Languages


@pytest.mark.parametrize(
    ("locations", "expected"),
    [
        (["train.en", "train.de"], ("en", "de")),
        (["a/b.c/train.en.gz", "train.pt-BR"], ("en", "pt-BR")),
        (["source.txt", "target.txt"], (None, None)),
        (["train", "train.de"], (None, None)),
        (["owner/name"], (None, None)),
    ],
)
def test_languages_are_the_endings_of_two_text_files(
    locations: list[str], expected: tuple[str | None, str | None]
) -> None:
    assert languages(locations) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"translation": {"hau": "a", "en": "b"}}, ("hau", "en")),
        ({"translation": {"hau": "a", "en": "b", "fr": "c"}}, (None, None)),
        ({"en": "a", "de": "b"}, (None, None)),
    ],
)
def test_languages_are_the_two_of_the_first_json_line(
    row: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    with file_of(json.dumps(row).encode(), "train.jsonl") as path:
        assert languages([path]) == expected


@pytest.mark.parametrize(("source", "target"), [("en", None), (None, "de"), (None, None), ("en", "de")])
def test_languages_left_open_are_those_of_the_first_line(source: str | None, target: str | None) -> None:
    rows = b'{"translation": {"en": "a", "de": "b"}}\n{"translation": {"de": "d", "en": "c"}}'
    with file_of(rows, "train.jsonl") as path:
        assert read([path], source, target) == [("a", "b"), ("c", "d")]


def test_one_language_given_leaves_the_other_of_the_two() -> None:
    with file_of(b'{"translation": {"en": "a", "de": "b"}}', "train.jsonl") as path:
        assert read([path], "de", None) == read([path], None, "en") == [("b", "a")]


# Folders


def test_a_folder_gives_its_files_gzipped_or_not(tmp_path: Path) -> None:
    (tmp_path / "train.en").touch()
    (tmp_path / "train.de.gz").touch()
    expected = (str(tmp_path / "train.en"), str(tmp_path / "train.de.gz"))
    assert folder_locations(tmp_path, "en", "de", "train") == expected


@pytest.mark.parametrize("there", ["val", "valid", "dev", "validation"])
def test_validation_files_are_found_under_their_usual_names(there: str, tmp_path: Path) -> None:
    for language in ("en", "de"):
        (tmp_path / f"{there}.{language}").touch()
    expected = (str(tmp_path / f"{there}.en"), str(tmp_path / f"{there}.de"))
    assert folder_locations(str(tmp_path), "en", "de", "val") == expected


def test_a_folder_without_the_languages_is_an_error_that_says_which_are_there(tmp_path: Path) -> None:
    for name in ("train.en", "train.de", "train.cs.gz", "val.fr", "README"):
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=r"has no train\.en and train\.fr\. Languages there: cs, de, en\."):
        folder_locations(str(tmp_path), "en", "fr", "train")
    with pytest.raises(UserError, match="is missing"):
        folder_locations(str(tmp_path / "nowhere"), "en", "fr", "train")


def test_the_test_sets_of_a_folder_are_found_gzipped_or_not(tmp_path: Path) -> None:
    names = [
        "test.en",
        "test.de.gz",
        "test2016.en.gz",
        "test2016.de.gz",
        "test2016.de",
        "test.fr",
        "test_b.en",
        "val.en",
    ]
    for name in [*names, "val.de", "contest.en", "contest.de"]:
        (tmp_path / name).touch()
    assert folder_tests(tmp_path, "en", "de") == {
        "test": (str(tmp_path / "test.en"), str(tmp_path / "test.de.gz")),
        "test2016": (str(tmp_path / "test2016.en.gz"), str(tmp_path / "test2016.de")),
    }
    assert folder_tests(tmp_path, "fr", "cs") == {}
    with pytest.raises(UserError, match="is missing"):
        folder_tests(tmp_path / "nowhere", "en", "de")


# `datasets`


@pytest.mark.parametrize("split", ["validation", "val", "dev", "valid"])
def test_a_split_is_found_under_any_of_its_names_and_by_suffix(split: str, tmp_path: Path) -> None:
    locations = write_dataset_folder(tmp_path, PAIRS)
    (tmp_path / "data" / "dev.jsonl").write_text('{"translation": {"en": "a", "de": "b"}}\n')
    assert read(locations, split=split) == [("a", "b")]
    assert read([f"{locations[0]}:{split}"]) == [("a", "b")]
    assert read([f"{locations[0]}:train"], split=split) == CLEAN
    assert read(locations, None, None) == CLEAN


def test_a_missing_split_is_an_error_that_lists_those_there(tmp_path: Path) -> None:
    folder = write_dataset_folder(tmp_path, PAIRS)[0]
    assert message([f"{folder}:tset"]) == f"{folder} has no split 'tset'; there is {folder}:train."


def test_a_dataset_saved_without_splits_is_read_whole_whatever_part_it_is_for(tmp_path: Path) -> None:
    folder = write_dataset_saved(tmp_path, PAIRS)[0]
    assert read([folder], split="validation") == CLEAN
    assert "without splits" in message([f"{folder}:test"])


@pytest.mark.parametrize("content", [b"{bad\n", b"", b"[1, 2]\n", b'{"en": "a", "fr": 2}\n', b"\xff\xfe"])
def test_a_folder_that_datasets_cannot_use_is_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").write_bytes(content)
    assert str(tmp_path / "data") in message([str(tmp_path / "data")])


def test_an_unknown_identifier_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*arguments: str) -> None:
        raise ConnectionError(f"Couldn't reach {arguments} on the Hub\nTraceback and so on")

    monkeypatch.setattr("datasets.load_dataset", offline)
    assert "`datasets` cannot load owner/name, which is no file" in message(["owner/name:train"])


def test_an_identifier_may_name_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def load(*arguments: str) -> datasets.DatasetDict:
        assert arguments == ("owner/name", "de-en")
        return datasets.DatasetDict(test=datasets.Dataset.from_dict({"en": ["a"], "de": ["b"]}))

    monkeypatch.setattr(datasets, "load_dataset", load)
    assert read(["owner/name/de-en:test"]) == [("a", "b")]


def test_a_mistyped_path_is_not_looked_for_on_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.load_dataset", lambda *arguments: pytest.fail("asked the network"))
    (tmp_path / "corpus").mkdir()
    assert f"Did you mean {tmp_path / 'corpus'}?" in message([str(tmp_path / "corpsu")])
    for path in ("/nowhere", "/no/folder", "/no/such/folder", "./folder", "../no/folder:train", "a/b/c/d", "trian.txt"):
        assert "is missing" in message([path])


# Fingerprints


@pytest.mark.parametrize("write", [*TEXT_WRITERS, write_dataset_folder], ids=lambda write: write.__name__)
def test_the_fingerprint_changes_exactly_when_a_file_does(write: Write, tmp_path: Path) -> None:
    locations = write(tmp_path, PAIRS)
    before = fingerprint(locations)
    assert fingerprint(locations) == before
    touched = next(iter(Path(locations[0]).iterdir())) if os.path.isdir(locations[0]) else Path(locations[0])
    os.utime(touched, ns=(1, 1))
    assert fingerprint(locations) != before


def test_the_fingerprint_tells_locations_and_their_order_apart(tmp_path: Path) -> None:
    first, second = write_parallel(tmp_path, PAIRS)
    prints = [fingerprint(one) for one in ([first, second], [second, first], [first], ["owner/name"], [])]
    assert len(set(prints)) == len(prints)
