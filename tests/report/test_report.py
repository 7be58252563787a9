"""The report of a run: one page that a real browser opens without a complaint, and the sentences behind its bars."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples import make_model_folder, sentence_pairs

from nmt.cli import main
from nmt.report import build, findings

pytest.importorskip("matplotlib")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
QUIET += ("--disable-sync", "--no-first-run")
HOSTILE = "</script><script>document.title = 'taken'</script>"


def make_run(folder: Path, data: Path, **changes: object) -> Path:
    """A run folder as a training leaves it, with a model that knows nothing."""
    make_model_folder(folder, data__folder=str(data), **changes)
    records: list[dict[str, Any]] = [
        {"kind": "train", "update": n, "loss": 5 / n, "rate": 0.001, "gradient_norm": 1.0} for n in range(1, 9)
    ]
    records.append({"kind": "valid", "update": 8, "loss": 1.0, "accuracy": 0.5, "bleu": 20.0, "chrf": 40.0})
    (folder / "log.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    references = (data / "test.de").read_text().splitlines()
    shortened = [" ".join(line.split()[: 3 + number % 3]) for number, line in enumerate(references)]
    (folder / "test.translations.txt").write_text("\n".join(shortened) + "\n")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "data"
    folder.mkdir()
    for part, count in (("train", 60), ("val", 8), ("test", 24)):
        pairs = sentence_pairs(count, seed=len(part))
        pairs[0] = (HOSTILE, pairs[0][1])
        for side, language in enumerate(("en", "de")):
            (folder / f"{part}.{language}").write_text("".join(pair[side] + "\n" for pair in pairs))
    return folder


@pytest.fixture(scope="module")
def runs(data: Path) -> tuple[Path, Path]:
    first = make_run(data.parent / "first", data)
    second = make_run(data.parent / "second", data, model__attention="none")
    references = (data / "test.de").read_text()
    (second / "test.translations.txt").write_text(references)
    return first, second


@pytest.fixture(scope="module")
def page(runs: tuple[Path, Path]) -> Path:
    output = runs[0].parent / "report.html"
    assert main(["report", "--run", str(runs[0]), "--compare", str(runs[1]), "--output", str(output)]) == 0
    return output


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium here: the page is not opened")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_opens_the_page_without_a_complaint_or_a_request(browser: Any, page: Path, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    tab = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(page.as_uri())
    assert tab.title() == "first against second"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert len(tab.pdf()) > 10_000
    assert asked == [page.as_uri()]
    assert said == []
    context.close()


def test_behind_every_bar_lie_as_many_sentences_as_it_counts(browser: Any, page: Path) -> None:
    tab = browser.new_page()
    tab.goto(page.as_uri())
    tab.evaluate("document.querySelectorAll('.behind').forEach((one) => (one.open = true))")
    lists = tab.locator("details.rows")
    opened = 0
    for place in range(lists.count()):
        summary = lists.nth(place).locator("summary")
        counted = re.search(r"([\d,]+) sentence", summary.inner_text())
        summary.focus()
        tab.keyboard.press("Enter")
        if counted:
            lists.nth(place).locator("button").wait_for(state="attached")
            assert lists.nth(place).locator("li").count() == int(counted[1])
            opened += 1
    assert opened > 10
    tab.close()


def test_every_chart_has_labels_and_says_the_same_in_words(page: Path) -> None:
    text = page.read_text()
    charts = re.findall(r"<svg .*?</svg>", text, flags=re.DOTALL)
    assert len(charts) > 12
    for chart in charts:
        assert re.match(r'<svg viewBox="[^"]+" role="img" aria-label="[^"]{20,}"', chart)
        assert chart.count("<text") > 4
        assert not re.search("#0[1a]0[01]0[0-9]", chart), "a colour that is not the page's"


def test_the_page_is_one_file_and_small(page: Path) -> None:
    text = page.read_text()
    assert len(text) < 5_000_000
    assert not re.search(r'(src|href)="(?!#|data:)', text)


def test_the_page_has_the_findings_of_the_check_by_the_same_names(
    page: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = ["--data.folder", str(data), "--data.source", "en", "--data.target", "de"]
    main(["data", "check", *corpus, "--no-vocabulary", "--json", "-"])
    found = json.loads(capsys.readouterr().out)["findings"]
    counted = [(one["level"], one["name"], f"{one['count']:,}") for one in found]
    assert len(counted) > 2
    shown = r"<summary><strong[^>]*>(\w+)</strong>\s*<code>(\w+)</code> <span>([\d,]+) "
    assert re.findall(shown, page.read_text()) == counted


def test_of_a_large_corpus_the_beginning_is_checked_and_the_page_says_so(
    runs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "CHECKED", 20)
    output = tmp_path / "page.html"
    assert main(["report", "--run", str(runs[0]), "--output", str(output)]) == 0
    text = output.read_text()
    assert "train: 60 pairs, the first 20 checked" in text
    assert "validation: 8 pairs</h4>" in text


def test_paper_has_what_is_folded_on_the_screen(browser: Any, page: Path) -> None:
    tab = browser.new_page()
    tab.goto(page.as_uri())
    folded = "[...document.querySelectorAll('details.paper')].filter((one) => !one.open).length"
    assert tab.evaluate(folded) > 0
    tab.pdf()
    assert tab.evaluate(folded) == 0
    tab.close()


def test_a_place_that_cannot_be_written_is_told_before_the_work(
    runs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "observe", lambda run, test: pytest.fail("the work was begun"))
    assert main(["report", "--run", str(runs[0]), "--output", str(tmp_path / "none" / "page.html")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_what_is_gone_is_left_out_and_named(runs: tuple[Path, Path], tmp_path: Path) -> None:
    run = tmp_path / "moved"
    shutil.copytree(runs[0], run)
    config = json.loads((run / "config.json").read_text())
    config["data"]["folder"] = str(tmp_path / "nowhere")
    (run / "config.json").write_text(json.dumps(config))
    (run / "log.jsonl").unlink()
    (run / "model.safetensors").unlink()
    assert main(["report", "--run", str(run)]) == 0
    text = (run / "report.html").read_text()
    for reason in ("what needs the data of moved", "the learning curves of moved", "what needs the model of moved"):
        assert reason in text


def test_a_wrong_folder_test_set_or_sentence_is_one_line(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, told in (
        (["--run", str(tmp_path)], "is no model folder"),
        (["--run", str(runs[0]), "--test", "tests"], "choose test or validation"),
        (["--run", str(runs[0]), "--sentences", "99"], "there is no sentence 99"),
        (["--run", str(runs[0]), "--compare", str(runs[0])], "compared with itself"),
    ):
        assert main(["report", *words, "--output", str(tmp_path / "page.html")]) == 2
        assert told in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()
