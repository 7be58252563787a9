"""The page for everybody: by keyboard alone, by screen reader, on a phone, in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pages import SENTENCE, WIDTHS, Open, english_to_german, focused, said, shown, tab_to, translate


def test_the_keyboard_alone_does_everything(tab: Any, tmp_path: Path) -> None:
    keys = tab.keyboard
    assert focused(tab) == "source"
    keys.type("The old man reads a book")
    said(tab, "#status", "Translated into German.")

    tab_to(tab, ".word")
    first = tab.locator("#pointed").inner_text()
    keys.press("ArrowRight")
    assert tab.locator("#pointed").inner_text() != first
    assert tab.locator("#behind .linked").count() > 0
    keys.press("Home")
    assert tab.locator("#pointed").inner_text() == first
    keys.press("End")
    assert tab.evaluate("document.activeElement === [...document.querySelectorAll('.word')].at(-1)")

    tab_to(tab, "#copy")
    keys.press("Enter")
    said(tab, "#status", "Copied.")

    tab_to(tab, "#alternatives button")
    wanted = tab.evaluate("document.activeElement.textContent")
    keys.press("Enter")
    assert shown(tab) == wanted
    keys.press("Enter")

    tab_to(tab, "#map > summary")
    keys.press("Enter")
    tab.locator("table").first.wait_for()
    tab_to(tab, ".wide")
    tab_to(tab, "#map details summary")
    keys.press("Space")
    assert tab.locator(".in-words").is_visible()

    tab_to(tab, "#file-button")
    letter = tmp_path / "letter.txt"
    letter.write_text(SENTENCE)
    with tab.expect_download() as download, tab.expect_file_chooser() as chooser:
        keys.press("Enter")
        chooser.value.set_files(letter)
    assert download.value.suggested_filename
    tab_to(tab, "#file-results a")

    tab_to(tab, "#theme")
    keys.press("Enter")
    assert tab.locator("#theme").inner_text() == "Theme: light"
    tab_to(tab, "#from")
    keys.type("Detect")
    assert tab.input_value("#from") == "auto"
    said(tab, "#status", "Translated from English")
    if tab.locator("#swap").is_enabled():  # a server may translate one way only
        tab_to(tab, "#swap")
        keys.press("Space")
        assert (tab.input_value("#from"), tab.input_value("#to")) == ("de", "en")
    tab_to(tab, "#to")


def test_the_focus_can_be_seen(tab: Any) -> None:
    translate(tab, SENTENCE)
    tab.locator("#theme").focus()
    for _ in range(12):
        tab.keyboard.press("Tab")
        look = tab.evaluate(
            """() => {
                const one = document.activeElement, box = one.closest(".box") ?? one;
                const [own, around] = [getComputedStyle(one), getComputedStyle(box)];
                return [document.body === one, own.outlineStyle, own.boxShadow, around.boxShadow];
            }"""
        )
        assert look[0] or look[1:] != ["none", "none", "none"], focused(tab)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: Open, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here: it is not asked")
    tab = english_to_german(open_page(width=width, scheme=scheme))
    for text in ("", SENTENCE, "The old man reads in the garden every evening\n\n" + SENTENCE):
        if text:
            translate(tab, text)
            tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            tab.locator(".word").nth(1).hover()
        if "\n" in text:
            tab.locator("table").first.wait_for()
        found = axe.Axe().run(tab).response
        assert found["passes"]
        serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"][0]["html"], one["help"]) for one in serious] == []


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_never_scrolls_sideways(open_page: Open, width: int) -> None:
    tab = english_to_german(open_page(width=width))
    translate(tab, "The old man reads a book in the garden every evening and the woman plays in the house " + "x" * 200)
    tab.locator("#map > summary").click()
    tab.locator("table").first.wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("#from", "#to", "#swap", "#copy", "#theme", "#file-button"):
        box = tab.locator(name).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_what_moves_stands_still_for_those_who_ask(open_page: Open) -> None:
    tab = open_page(reduced_motion="reduce")
    tab.evaluate("document.querySelector('#target').setAttribute('aria-busy', 'true')")
    moving = "getComputedStyle(document.querySelector('#target'), '::before').animationName"
    assert tab.evaluate(moving) == "none"
