"""What `nmt data check` finds: 27 faults planted in a clean corpus, each at its line, and nothing else above a notice;
and what `nmt data clean` makes of it."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.cli import main
from nmt.data.checks.check import CHECKS, Report, check_corpus
from nmt.data.checks.chunk import Part
from nmt.data.checks.finding import NOTICE
from nmt.data.checks.summary import of_check, ranges

DATA = Path(__file__).parents[3] / "shared" / "data"

WHO = {
    "the old teacher": "der alte Lehrer",
    "my younger sister": "meine jüngere Schwester",
    "a tired farmer": "ein müder Bauer",
    "the village doctor": "die Ärztin des Dorfes",
    "our neighbour": "unser Nachbar",
    "the little boy": "der kleine Junge",
    "a famous painter": "eine berühmte Malerin",
    "her grandfather": "ihr Großvater",
}
DOES = {
    "carries": "trägt",
    "looks for": "sucht",
    "has forgotten": "vergisst",
    "shows us": "zeigt uns",
    "paints": "malt",
    "repairs": "repariert",
    "describes": "beschreibt",
}
WHAT = {
    "a wooden boat": "ein Boot aus Holz",
    "the green umbrella": "den grünen Regenschirm",
    "three heavy suitcases": "drei schwere Koffer",
    "the broken window": "das zerbrochene Fenster",
    "an old map of the town": "einen alten Plan der Stadt",
    "some apples and pears": "einige Äpfel und Birnen",
    "the letters from abroad": "die Briefe aus dem Ausland",
}
WHERE = {
    "near the railway station": "in der Nähe des Bahnhofs",
    "behind the yellow house": "hinter dem gelben Haus",
    "on the bridge over the river": "auf der Brücke über den Fluss",
    "in the garden of the school": "im Garten der Schule",
    "between the church and the market": "zwischen der Kirche und dem Markt",
    "under the tall trees": "unter den hohen Bäumen",
}
WHEN = {
    "every morning": "jeden Morgen",
    "after the long rain": "nach dem langen Regen",
    "while the children are sleeping": "während die Kinder schlafen",
    "before the first snow falls": "bevor der erste Schnee fällt",
    "for the second time this week": "zum zweiten Mal in dieser Woche",
}
TABLES = (WHO, DOES, WHAT, WHERE, WHEN)
FROM = (["with"], ["mit"])
SYLLABLES = ("ba", "ker", "mo", "lin", "ste", "ru", "wan", "del", "hof", "ti")


def drawn(chosen: random.Random) -> list[str]:
    """A clause in both languages."""
    words = [chosen.choice(list(table.items())) for table in TABLES]
    names = ["".join(chosen.choice(SYLLABLES) for _ in range(3)).capitalize() for _ in range(2)]
    sides = zip(*words, strict=True)
    return [" ".join((who, names[0], *others, *of, names[1])) for (who, *others), of in zip(sides, FROM, strict=True)]


def corpus(count: int, seed: int, clauses: int = 3) -> list[tuple[str, str]]:
    """English-German pairs, no two alike, in sentences that an identifier of languages knows."""
    chosen = random.Random(seed)
    found: dict[tuple[str, str], None] = {}
    while len(found) < count:
        sides = zip(*(drawn(chosen) for _ in range(clauses)), strict=True)
        source, target = (joint.join(side) + "." for side, joint in zip(sides, (", but ", ", aber "), strict=True))
        found[source[0].upper() + source[1:], target[0].upper() + target[1:]] = None
    return list(found)


PAIRS = corpus(3_400, seed=1)
TRAIN, VALID = PAIRS[:3_000], PAIRS[3_200:]


Change = Callable[[str], str | bytes] | str | None
"""A line in place of another, or what is made of it."""


@dataclass(frozen=True)
class Fault:
    """What is planted at a line, and by which check it must be found."""

    check: str
    line: int
    source: Change = None
    target: Change = None


def put(text: str) -> Callable[[str], str]:
    """Puts something before the second word."""
    return lambda line: line.replace(" ", f" {text}", 1)


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda line: line.replace(old, new, 1)


RUSSIAN = "Старый учитель несёт деревянную лодку возле вокзала каждое утро, а врач чинит окно. "
FRENCH = (
    "Le vieux professeur porte un bateau en bois près de la gare tous les matins, mais le médecin répare la fenêtre. "
)
FAULTS = (
    Fault("encoding", 105, target=lambda line: f"Größe: {line}".encode("latin-1")),
    Fault("nul", 210, source=put("\x00")),
    Fault("separator", 315, target=put("\u2028")),
    Fault("separator", 330, source=put("\r")),
    Fault("separator", 345, target=put("\u0085")),
    Fault("control_character", 420, target=put("\x07")),
    Fault("byte_order_mark", 525, source=lambda line: "\ufeff" + line),
    Fault("replacement_character", 630, target=swap("e", "\ufffd")),
    Fault("invisible", 735, target=swap("er", "e\u200br")),
    Fault("mojibake", 840, target=put("trÃ¤gt ")),
    Fault("not_normalised", 945, target=lambda line: unicodedata.normalize("NFD", "Ü" + line)),
    Fault("html_entity", 1050, source=put("&quot;")),
    Fault("html_tag", 1155, target=put("<b>")),
    Fault("placeholder", 1260, source=put("{name} ")),
    Fault("link_only", 1365, "https://example.org/a/b?c=1", "https://example.org/de/b?c=1"),
    Fault("no_letters", 1470, "... --- !!!", "... --- !!!"),
    Fault("repetition", 1575, target=put("sehr sehr sehr sehr ")),
    Fault("long_token", 1680, target=put("Donaudampfschiff" * 5)),
    Fault("empty", 1785, target=""),
    Fault("empty", 1800, " \t ", "  "),
    Fault("overlong", 1890, "the old teacher and " * 60, "der alte Lehrer und " * 60),
    Fault("unlikely_length", 1995, target="Ein Boot aus Holz trägt er jeden Morgen zum Bahnhof am Fluss."),
    Fault("copied", 2100, target=lambda line: TRAIN[2099][0]),
    Fault("wrong_script", 2205, target=RUSSIAN * 2),
    Fault("wrong_language", 2310, target=FRENCH * 2),
    Fault("wrong_language", 2415, lambda line: TRAIN[2414][1], lambda line: TRAIN[2414][0]),
    Fault("numbers", 2520, put("1984 "), put("1948 ")),
    Fault("duplicate", 2625, lambda line: TRAIN[99][0], lambda line: TRAIN[99][1]),
    Fault("overlap", 2730, lambda line: VALID[10][0], lambda line: VALID[10][1]),
    Fault("overlap", 2835, lambda line: VALID[20][0] + " Yes.", lambda line: VALID[20][1] + " Ja."),
)


def changed(line: str, change: Change) -> str | bytes:
    return line if change is None else change if isinstance(change, str) else change(line)


def written(folder: Path, name: str, pairs: list[tuple[str | bytes, str | bytes]]) -> list[str]:
    """Two parallel files, whatever bytes are in them."""
    files = []
    for side, language in enumerate(("en", "de")):
        sides = [pair[side] for pair in pairs]
        lines = [line if isinstance(line, bytes) else line.encode() for line in sides]
        path = folder / f"{name}.{language}"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        files.append(str(path))
    return files


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The corpus with all faults, and its validation pairs."""
    folder = tmp_path_factory.mktemp("planted")
    pairs: list[tuple[str | bytes, str | bytes]] = list(TRAIN)
    for fault in FAULTS:
        source, target = TRAIN[fault.line - 1]
        pairs[fault.line - 1] = changed(source, fault.source), changed(target, fault.target)
    return {"train": written(folder, "train", pairs), "valid": written(folder, "valid", list(VALID))}


@pytest.fixture(scope="module")
def report(planted: dict[str, list[str]]) -> Report:
    return check_corpus(Part("train", planted["train"]), [Part("validation", planted["valid"])])


def lines_of(report: Report, name: str) -> set[int]:
    return {line[0] for finding in report.findings if finding.check.name == name for line in finding.lines}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.check}-{fault.line}")
def test_every_planted_fault_is_found_at_its_line(fault: Fault, report: Report) -> None:
    assert fault.line in lines_of(report, fault.check)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.check}-{fault.line}")
def test_every_planted_fault_is_above_a_notice(fault: Fault, report: Report) -> None:
    levels = {f.level for f in report.findings if f.check.name == fault.check and (fault.line,) in f.lines}
    assert levels - {NOTICE}


def test_nothing_else_is_above_a_notice(report: Report) -> None:
    loud = [finding for finding in report.findings if finding.level != NOTICE]
    assert {line[0] for finding in loud for line in finding.lines} == {fault.line for fault in FAULTS}


def test_no_fault_has_a_second_name(report: Report) -> None:
    loud = [finding for finding in report.findings if finding.level != NOTICE]
    names = {fault.line: {f.check.name for f in loud if (fault.line,) in f.lines} for fault in FAULTS}
    assert names == {fault.line: {fault.check} for fault in FAULTS}


@pytest.mark.parametrize("clauses", [1, 3])
def test_a_clean_corpus_has_nothing_above_a_notice(clauses: int, tmp_path: Path) -> None:
    """With one clause it has so few patterns that many pairs are nearly others: a trait, no fault."""
    pairs = corpus(3_200, seed=2, clauses=clauses)
    train, valid = (written(tmp_path, name, list(some)) for name, some in (("a", pairs[:3_000]), ("b", pairs[3_000:])))
    report = check_corpus(Part("train", train), [Part("valid", valid)])
    assert [finding for finding in report.findings if finding.level != NOTICE] == []


@pytest.mark.parametrize("side", [0, 1])
def test_faults_beyond_a_lost_line_are_found_at_their_own_lines(side: int, tmp_path: Path) -> None:
    sides: tuple[list[str | bytes], list[str | bytes]] = ([p[0] for p in TRAIN], [p[1] for p in TRAIN])
    sides[0][1999] = put("\x00")(TRAIN[1999][0])
    del sides[side][999]
    files = [tmp_path / "train.en", tmp_path / "train.de"]
    for path, lines in zip(files, sides, strict=True):
        path.write_bytes(b"".join((x if isinstance(x, bytes) else x.encode()) + b"\n" for x in lines))
    report = check_corpus(Part("train", list(map(str, files))))
    (place,) = lines_of(report, "line_counts")
    assert abs(place - 1000) < 60
    assert lines_of(report, "nul") == {2000 - (side == 0)}
    loud = {f.check.name for f in report.findings if f.level != NOTICE}
    assert loud <= {"line_counts", "nul", "misaligned"}  # a few pairs about the place may be out of step


def test_a_run_out_of_step_between_two_lost_lines_is_found(tmp_path: Path) -> None:
    sources, targets = [p[0] for p in TRAIN], [p[1] for p in TRAIN]
    del sources[999], targets[1199]
    report = check_corpus(Part("train", written(tmp_path, "train", list(zip(sources, targets, strict=True)))))
    found = lines_of(report, "misaligned")
    assert abs(min(found) - 1000) < 5
    assert abs(max(found) - 1200) < 5
    assert {f.check.name for f in report.findings if f.level != NOTICE} == {"misaligned"}


def test_the_command_exits_with_3_and_writes_everything_as_json(
    planted: dict[str, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    corpus = ["--data.train", *planted["train"], "--data.valid", *planted["valid"]]
    assert main(["data", "check", *corpus, "--json", str(path), "--examples", "1"]) == 3
    written = json.loads(path.read_text())
    assert written["worst"] == "error"
    by_name = {(finding["name"], line) for finding in written["findings"] for line in finding["lines"]}
    assert by_name >= {(fault.check, fault.line) for fault in FAULTS}
    out = capsys.readouterr().out
    assert "nmt train --data.train" in out
    assert "pieces a word" in out
    assert "\x00" not in out


def test_clean_drops_or_mends_what_check_names(
    planted: dict[str, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "clean"
    before = [Path(path).read_bytes() for path in planted["train"]]
    corpus = ["--data.valid", *planted["valid"]]
    words = ["--output", str(output), "--unescape", "--normalize", "nfc"]
    assert main(["data", "clean", *planted["train"], *corpus, *words]) == 0
    assert [Path(path).read_bytes() for path in planted["train"]] == before
    files = [str(output / "train.en"), str(output / "train.de")]
    lines = [Path(path).read_bytes().split(b"\n") for path in files]
    assert len(lines[0]) == len(lines[1]) > 2950
    assert put('"')(TRAIN[1049][0]).encode() in lines[0]
    out = capsys.readouterr().out
    assert "dropped 1: encoding" in out
    assert "mended" in out
    kept = list(zip(lines[0], lines[1], strict=True))
    pairs = [(s.encode(), t.encode()) for s, t in TRAIN]
    order = [pairs.index(pair) for pair in kept if pair in pairs]
    assert order == sorted(order)
    again = check_corpus(Part("train", files), [Part("validation", planted["valid"])])
    assert [finding for finding in again.findings if finding.level != NOTICE] == []
    assert main(["data", "clean", *planted["train"], *corpus, *words]) == 2  # never over what is there


def test_clean_with_only_some_checks_drops_by_them_alone(
    planted: dict[str, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--output", str(tmp_path / "new"), "--only", "empty", "--json", str(tmp_path / "report.json")]
    assert main(["data", "clean", *planted["train"], *words]) == 0
    assert json.loads((tmp_path / "report.json").read_text())["dropped"] == {"empty": 2}


def test_unknown_checks_and_commands_get_a_suggestion(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "chek"]) == 2
    assert "Did you mean 'check'?" in capsys.readouterr().err
    assert main(["data", "check", *written(tmp_path, "a", list(TRAIN[:5])), "--only", "emty"]) == 2
    assert "Did you mean 'empty'?" in capsys.readouterr().err


def test_the_help_of_data_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--help"]) == 0
    out = capsys.readouterr().out
    assert "check" in out
    assert "clean" in out


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_says_what_is_wrong_and_how_to_mend_it(name: str) -> None:
    assert CHECKS[name].what
    assert CHECKS[name].mend.endswith(".")


def test_line_numbers_are_shown_as_ranges() -> None:
    assert ranges([(3,), (7,), (8,), (9,), (12, 11), (13, 12)], 6) == "3, 7-9, 12/11-13/12"


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_files_of_any_bytes_are_reported_not_raised_on(tmp_path: Path, first: bytes, second: bytes) -> None:
    files = [tmp_path / "a.en", tmp_path / "a.de"]
    for path, content in zip(files, (first, second), strict=True):
        path.write_bytes(content)
    report = check_corpus(Part("train", list(map(str, files))))
    assert all(line.isprintable() for line in of_check(report, 2))


@settings(deadline=None, max_examples=5, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.binary(max_size=60), st.binary(max_size=60)), max_size=30), st.randoms())
def test_any_bytes_within_a_corpus_are_reported_not_raised_on(
    tmp_path: Path, junk: list[tuple[bytes, bytes]], chosen: random.Random
) -> None:
    pairs: list[tuple[str | bytes, str | bytes]] = [*TRAIN[:300], *junk]
    chosen.shuffle(pairs)
    report = check_corpus(Part("train", written(tmp_path, "a", pairs)))
    assert all(line.isprintable() for line in of_check(report, 2))


@pytest.mark.parametrize("target", ["de", "fr", "cs"])
def test_multi30k_has_no_error(target: str) -> None:
    if not (DATA / "multi30k").is_dir():
        pytest.skip("Multi30k is not beside the repository")
    folder = DATA / "multi30k"
    train, valid, test = (
        Part(name, [str(folder / f"{name}.en"), str(folder / f"{name}.{target}")])
        for name in ("train", "val", "test2016")
    )
    report = check_corpus(train, [valid, test])
    assert [finding for finding in report.findings if finding.level == "error"] == []


def test_the_run_out_of_step_in_the_hausa_data_is_found() -> None:
    path = DATA / "lafand-en-hau" / "train.jsonl"
    if not path.exists():
        pytest.skip("the English-Hausa data is not beside the repository")
    report = check_corpus(Part("train", [str(path)], ("en", "hau")))
    found = lines_of(report, "misaligned")
    assert abs(min(found) - 706) < 5
    assert abs(max(found) - 853) < 8
    assert len(lines_of(report, "mojibake")) > 20
