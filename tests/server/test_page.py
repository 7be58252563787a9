"""The page of the server, in a real browser: what it shows and what it never does.

NMT_PAGE=http://127.0.0.1:8000/ tests the page of a server that runs, instead of the stand-in's; it must translate from
English into German. Faults of the server are played by the browser's own interception, so that they do not depend on
which server it is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pages import SENTENCE, WIDTHS, Open, answered, english_to_german, focused, said, serving, shown, translate
from serving import Running


def test_typing_gives_a_translation(tab: Any) -> None:
    tab.locator("#source").press_sequentially(SENTENCE)
    said(tab, "#status", "Translated into German.")
    words = tab.locator(".word").all_inner_texts()
    assert words
    assert " ".join(words) == shown(tab)
    assert str(len(SENTENCE)) in tab.locator("#counter").inner_text()


def with_rest(milliseconds: int) -> Callable[[Any], None]:
    """Makes the server wish for so much rest before a text is translated."""

    def prepare(tab: Any) -> None:
        def answer(route: Any) -> None:
            route.fulfill(json=route.fetch().json() | {"frontendTimeout": milliseconds})

        tab.route("**/frontend/settings", answer)

    return prepare


def test_typing_asks_once_when_it_rests(open_page: Open) -> None:
    tab = english_to_german(open_page(prepare=with_rest(1500)))
    asked: list[str] = []
    tab.on("request", lambda request: request.url.endswith("/explain") and asked.append(request.post_data_json["q"]))
    tab.locator("#source").press_sequentially(SENTENCE, delay=20)
    said(tab, "#status", "Translated")
    assert asked == [SENTENCE]


def test_control_enter_asks_at_once(open_page: Open) -> None:
    tab = english_to_german(open_page(prepare=with_rest(1_000_000)))
    tab.locator("#source").press_sequentially(SENTENCE)
    tab.keyboard.press("Control+Enter")
    said(tab, "#status", "Translated")
    assert tab.input_value("#source") == SENTENCE


def test_an_older_answer_never_overwrites_a_newer_one(tab: Any) -> None:
    held: list[Any] = []

    def answer(route: Any) -> None:
        if route.request.post_data_json["q"] == "older":
            held.append(route)
        else:
            route.fulfill(**answered("the newer one"))

    tab.route("**/explain", answer)
    tab.fill("#source", "older")
    tab.keyboard.press("Control+Enter")
    said(tab, "#status", "Translating")
    tab.fill("#source", "newer")
    tab.keyboard.press("Control+Enter")
    said(tab, "#plain", "the newer one")
    with suppress(Exception):  # the page may have ended the older request: then there is nobody to answer
        held[0].fulfill(**answered("the older one"))
    tab.wait_for_timeout(300)
    assert len(held) == 1
    assert shown(tab) == "the newer one"


def test_pointing_at_a_word_lights_up_its_partners_and_says_so(tab: Any) -> None:
    translate(tab, SENTENCE + "\n\n" + SENTENCE)
    partnered = tab.locator(".word[aria-label*=', from ']")
    word = partnered.last
    word.hover()
    assert tab.locator(".words .own").all_inner_texts() == [word.inner_text()]
    linked = tab.locator("#behind .linked")
    assert linked.count() > 0
    assert " ".join(linked.all_text_contents()) in tab.locator("#pointed").inner_text()
    assert "% sure" in tab.locator("#pointed").inner_text()
    over = linked.first.bounding_box()
    tab.mouse.move(over["x"] + over["width"] / 2, over["y"] + over["height"] / 2)
    assert tab.locator("#behind .own").count() == 1
    assert word.inner_text() in tab.locator(".words .linked").all_inner_texts()
    tab.mouse.move(2, 2)
    assert tab.locator(".own, .linked").count() == 0


MARKS_THAT_LIE_ELSEWHERE = """() => {
    const field = document.querySelector("#source");
    let start = 0;
    return [...document.querySelector("#behind").childNodes].filter((node) => {
        const end = start + node.textContent.length, from = start;
        start = end;
        if (!(node instanceof HTMLElement)) return false;
        node.scrollIntoView({ block: "center" });
        return [0.1, 0.9].some((share) => {
            const box = node.getBoundingClientRect();
            const found = document.caretPositionFromPoint(box.left + share * box.width, box.top + box.height / 2);
            return found.offsetNode !== field || found.offset < from || found.offset > end;
        });
    }).map((node) => node.textContent);
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_the_marks_lie_under_the_letters_that_they_mark(open_page: Open, width: int) -> None:
    tab = english_to_german(open_page(width=width))
    text = "\n".join([SENTENCE + "  in the\told house every evening, while the woman waits. "] * 8) + "\n\n"
    translate(tab, text)
    assert tab.locator("#behind span").count() > 100
    assert tab.evaluate(MARKS_THAT_LIE_ELSEWHERE) == []
    assert tab.locator("#behind").text_content() == text + "\n"
    scroll = "document.querySelector('#source').scrollHeight - document.querySelector('#source').clientHeight"
    assert tab.evaluate(scroll) <= 0, "the field is less tall than its text"


def test_the_cursor_in_the_source_points_too(tab: Any) -> None:
    translate(tab, SENTENCE)
    tab.locator("#source").press("Home")
    tab.keyboard.press("Control+ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#behind .own").all_text_contents() == ["man"]
    assert tab.locator("#pointed").inner_text().startswith("man →")


def test_confidence_is_a_shade_and_is_said(tab: Any) -> None:
    translate(tab, SENTENCE)
    shades = set()
    for word in tab.locator(".word").all():
        label = word.get_attribute("aria-label")
        doubt = int(word.evaluate("word => word.style.getPropertyValue('--doubt')").rstrip("%"))
        assert f"{100 - doubt}% sure" in label
        assert ("doubtful" in word.get_attribute("class")) == (doubt > 50)
        shades.add((doubt, word.evaluate("word => getComputedStyle(word).backgroundColor")))
    assert len({doubt for doubt, _ in shades}) == len({colour for _, colour in shades})
    assert tab.locator("#legend").is_visible()


def test_the_attention_map_says_the_same_as_a_table_and_in_words(tab: Any) -> None:
    translate(tab, SENTENCE + "\n\n" + "The woman plays")
    assert tab.locator("table").count() == 0, "a map that nobody looks at is drawn"
    tab.locator("#map > summary").click()
    assert tab.locator("#map-line option").count() == 2
    tab.select_option("#map-line", index=1)
    rows = tab.locator("tbody tr")
    assert rows.count() > 2
    assert tab.locator("tbody td").count() == rows.count() * tab.locator("thead th").count()
    assert "3" in tab.locator("caption").first.inner_text()
    words = tab.locator(".in-words li")
    assert words.count() == rows.count()
    assert "looks most at" in words.first.text_content()


def test_alternatives_change_places_with_the_translation(tab: Any) -> None:
    translate(tab, SENTENCE)
    first, other = shown(tab), tab.locator("#alternatives button").first
    wanted = other.inner_text()
    other.click()
    assert (shown(tab), other.inner_text()) == (wanted, first)
    assert not tab.locator(".word").count() or tab.locator("#words").is_hidden()
    other.click()
    assert shown(tab) == first
    assert tab.locator(".word").first.is_visible()
    tab.fill("#source", SENTENCE + "\n" + SENTENCE)
    tab.locator("#alternatives").wait_for(state="hidden")


def test_copying_works_where_the_browser_keeps_its_clipboard_from_the_page_too(open_page: Open) -> None:
    without = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    tab = english_to_german(open_page(prepare=lambda tab: tab.add_init_script(without)))
    translate(tab, SENTENCE)
    translation = shown(tab)
    tab.locator("#copy").click()
    said(tab, "#status", "Copied.")
    assert focused(tab) == "copy"
    tab.locator("#source").press("Control+a")
    tab.keyboard.press("Control+v")
    assert tab.input_value("#source") == translation


def test_a_language_that_has_no_name_goes_by_its_code(open_page: Open) -> None:
    languages = [{"code": "en", "name": "English", "targets": ["de", "de_AT", "my own dialect"]}]

    def prepare(tab: Any) -> None:
        tab.route("**/languages", lambda route: route.fulfill(json=languages))

    tab = english_to_german(open_page(prepare=prepare))
    assert tab.locator("#to option").all_inner_texts() == ["German", "Austrian German", "my own dialect"]


def test_swapping_takes_languages_and_texts_along(tab: Any) -> None:
    translate(tab, SENTENCE)
    translation = shown(tab)
    if tab.locator("#swap").is_disabled():
        pytest.skip("this server does not translate back")
    with tab.expect_request("**/explain") as asked:
        tab.locator("#swap").click()
    question = asked.value.post_data_json
    assert (question["source"], question["target"], question["q"]) == ("de", "en", translation)
    said(tab, "#status", "Translated into English.")


def test_a_detected_language_is_told_and_can_be_swapped(tab: Any) -> None:
    tab.select_option("#from", "auto")
    tab.select_option("#to", "de")
    assert tab.locator("#swap").is_disabled()
    translate(tab, SENTENCE)
    said(tab, "#status", "Translated from English")
    assert "English (auto)" in tab.locator("#from option:checked").inner_text()


def test_languages_and_theme_are_remembered(tab: Any) -> None:
    tab.select_option("#from", "auto")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    bright = tab.evaluate(paper)
    for theme in ("light", "dark"):
        tab.locator("#theme").click()
        assert tab.locator("#theme").inner_text() == f"Theme: {theme}"
    dark = tab.evaluate(paper)
    tab.reload()
    tab.locator("#from option[value=en]").wait_for(state="attached")
    assert tab.input_value("#from") == "auto"
    assert tab.input_value("#to") == "de"
    assert tab.evaluate(paper) == dark != bright
    tab.locator("#theme").click()
    assert tab.evaluate(paper) == bright


def test_words_without_alignment_are_told_of_discreetly(tab: Any) -> None:
    tab.route("**/explain", lambda route: route.fulfill(**answered("l'homme\n\nlit")))
    tab.fill("#source", SENTENCE)
    said(tab, "#pointed", "No word alignment")
    assert tab.locator("#plain").inner_text() == "l'homme\n\nlit"
    assert tab.locator(".word").count() == 0
    for part in ("#map", "#alternatives", "#legend"):
        assert tab.locator(part).is_hidden()


def test_right_to_left_text_runs_from_the_right(tab: Any) -> None:
    line = {"source": ["the", "man"], "target": ["ال", "رجل"], "alignment": [[0, 0], [1, 1]], "confidence": 0.5}
    line |= {"wordConfidence": [0.5, 0.5], "maps": []}
    body = json.dumps({"translatedText": "ال رجل", "lines": [line]})
    tab.route("**/explain", lambda route: route.fulfill(status=200, content_type="application/json", body=body))
    tab.fill("#source", "the man")
    first, second = (tab.locator(".word").nth(place) for place in (0, 1))
    assert first.bounding_box()["x"] > second.bounding_box()["x"]
    first.focus()
    tab.keyboard.press("ArrowLeft")
    assert "man" in tab.locator("#pointed").inner_text()


def test_text_is_never_markup(tab: Any) -> None:
    hostile = "<img src=x onerror=alert(1)> <b>bold</b>"
    tab.route("**/explain", lambda route: route.fulfill(**answered(hostile)))
    tab.fill("#source", hostile)
    said(tab, "#plain", "<b>bold</b>")
    assert tab.locator("main b, main img").count() == 0


def test_an_error_is_told_and_can_be_tried_again(tab: Any) -> None:
    body = json.dumps({"error": "The model is on holiday."})
    tab.route("**/explain", lambda route: route.fulfill(status=500, content_type="application/json", body=body))
    tab.fill("#source", SENTENCE)
    said(tab, "[role=alert]", "The model is on holiday.")
    tab.unroute("**/explain")
    tab.locator("#again").click()
    said(tab, "#status", "Translated")
    assert tab.locator("[role=alert]").is_hidden()


def test_a_server_that_is_gone_is_told(open_page: Open) -> None:
    tab = open_page(
        prepare=lambda tab: tab.route("**/languages", lambda route: route.fulfill(status=502, body="<html>"))
    )
    said(tab, "[role=alert]", "The server answered with the status 502.")
    tab.unroute("**/languages")
    tab.locator("#again").click()
    translate(english_to_german(tab), SENTENCE)


def test_a_busy_server_is_waited_for(tab: Any) -> None:
    answers = iter([True, False])

    def answer(route: Any) -> None:
        if next(answers):
            body = json.dumps({"error": "Busy."})
            route.fulfill(status=429, headers={"Retry-After": "1", "Content-Type": "application/json"}, body=body)
        else:
            route.fulfill(**answered("at last"))

    tab.route("**/explain", answer)
    tab.fill("#source", SENTENCE)
    said(tab, "#status", "The server is busy: trying again in 1 s.")
    asked = time.monotonic()
    said(tab, "#plain", "at last")
    assert time.monotonic() - asked > 0.5
    assert tab.locator("[role=alert]").is_hidden()


def test_a_text_that_is_too_long_is_not_sent(tab: Any) -> None:
    limit = int(tab.locator("#counter").inner_text().split()[2].replace(",", ""))
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.fill("#source", "word " * (limit // 5 + 1))
    said(tab, "[role=alert]", "too long")
    assert asked == []
    tab.locator("#clear").click()
    assert tab.locator("[role=alert]").is_hidden()
    assert focused(tab) == "source"


def test_a_file_comes_back_translated(tab: Any, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text(SENTENCE)
    with tab.expect_download() as download, tab.expect_file_chooser() as chooser:
        tab.locator("#file-button").click()
        chooser.value.set_files(letter)
    assert Path(download.value.path()).read_text()
    assert download.value.suggested_filename.endswith(".txt")
    said(tab, "#file-status", "letter.txt is translated.")
    assert tab.locator("#file-results a").inner_text() == "Download letter_de.txt"


def test_a_dropped_file_is_translated_too(tab: Any) -> None:
    dropping = """() => {
        const held = new DataTransfer();
        held.items.add(new File(["The man"], "notes.txt", { type: "text/plain" }));
        for (const kind of ["dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: held, bubbles: true, cancelable: true }));
    }"""
    with tab.expect_download():
        tab.evaluate(dropping)
    said(tab, "#file-status", "notes.txt is translated.")


def test_a_file_that_is_refused_is_told(tab: Any) -> None:
    body = json.dumps({"error": "notes.xyz is of no form that is read here."})
    tab.route("**/translate_file", lambda route: route.fulfill(status=400, content_type="application/json", body=body))
    tab.set_input_files("#file-input", {"name": "notes.xyz", "mimeType": "text/plain", "buffer": b"?"})
    said(tab, "[role=alert]", "is of no form")


def test_a_key_is_asked_for_where_one_is_needed_and_kept_for_the_tab(browser: Any) -> None:
    with serving(keyRequired=True) as address:
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(address)
        english_to_german(tab)
        tab.fill("#source", SENTENCE)
        said(tab, "[role=alert]", "Please give a valid API key.")
        tab.get_by_label("API key").fill("secret")
        tab.keyboard.press("Enter")
        said(tab, "#plain", "Mann")
        tab.reload()
        tab.locator("#from option").first.wait_for(state="attached")
        assert tab.get_by_label("API key").input_value() == "secret"
        assert "secret" not in tab.evaluate("JSON.stringify(localStorage)")
        context.close()


def test_nmt_serve_serves_it(open_page: Open, server: Running) -> None:
    tab = english_to_german(open_page(server.address + "/"))
    tab.fill("#source", SENTENCE + "\n\n" + SENTENCE)
    said(tab, "#status", "Translated into German.")
    lines = server.ask("/explain", {"q": SENTENCE, "source": "en", "target": "de"})[1]["lines"]
    words = [word for line in lines for word in line["target"]]
    assert tab.locator(".word").all_text_contents() == words * 2
