from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from serving import Running, Start

import nmt
import nmt.translator
from nmt.cli import main
from nmt.pipeline import Pipeline, Wishes

GERMAN = {"code": "de", "name": "German", "targets": []}
LINES = ["The child sees the book.", "Our boat!", "", "  This animal paints every picture."]


@pytest.fixture(scope="module")
def expected(model_folder: Path) -> dict[str, str]:
    """What the translation of files makes of the lines."""
    answers = Pipeline(nmt.load(model_folder), Wishes()).stream(LINES)
    return {line: answer.text for line, answer in zip(LINES, answers, strict=True)}


def test_a_text_is_translated_line_by_line_as_files_are(server: Running, expected: dict[str, str]) -> None:
    text, translation = "\n".join(LINES), "\n".join(expected.values())
    assert server.translate(text) == {"translatedText": translation}
    assert server.translate(text.replace("\n", "\r\n"))["translatedText"] == translation.replace("\n", "\r\n")
    assert server.translate("") == {"translatedText": ""}


def test_an_array_is_answered_by_an_array(server: Running, expected: dict[str, str]) -> None:
    assert server.translate(LINES) == {"translatedText": list(expected.values())}
    assert server.translate([]) == {"translatedText": []}


def test_alternatives_are_others_than_the_best(server: Running, model_folder: Path) -> None:
    answer = server.translate(LINES[0], alternatives=3)
    best = nmt.load(model_folder).translate(LINES[0], beam=5, nbest=4)
    assert [answer["translatedText"], *answer["alternatives"]] == list(
        dict.fromkeys(text for text, _ in best.alternatives)
    )
    many = server.translate(LINES[:2], alternatives=2)["alternatives"]
    assert len(many) == 2
    assert all(len(some) <= 2 for some in many)


def test_alternatives_may_be_more_than_the_beam_of_groups(start: Start, model_folder: Path) -> None:
    server = start("--model", str(model_folder), "--strategy", "diverse", "--beam", "4", "--groups", "4")
    assert server.translate(LINES[0], alternatives=5)["translatedText"]


def test_forms_and_queries_say_the_same_as_json(server: Running, expected: dict[str, str]) -> None:
    words = urllib.parse.urlencode({"q": LINES[0], "source": "en", "target": "de"})
    for address, body in ((f"/translate?{words}", b""), ("/translate", words.encode())):
        request = urllib.request.Request(server.address + address, body, method="POST")
        assert server.send(request) == (200, {"translatedText": expected[LINES[0]]})


def test_html_keeps_its_markup(server: Running) -> None:
    text = '<p class="a">The <b>child</b> sees.</p><script>var the = "child";</script><ul><li>Our boat<li>1 &lt; 2</ul>'
    found = server.translate(text, format="html")["translatedText"]
    for piece in ('<p class="a">', "<b>", "</b>", '</p><script>var the = "child";</script><ul><li>', "&lt;", "</ul>"):
        assert found.count(piece) == 1, piece
    assert found.index("<b>") < found.index("</b>") < found.index("</p>")


def test_languages_settings_and_health_are_told(server: Running) -> None:
    assert server.ask("/languages") == (200, [{"code": "en", "name": "English", "targets": ["de"]}, GERMAN])
    status, settings = server.ask("/frontend/settings")
    assert (status, settings["language"]["target"]) == (200, {"code": "de", "name": "German"})
    assert settings["charLimit"] == 20_000
    assert server.ask("/health") == (200, {"status": "ok"})


def test_a_translation_is_explained(server: Running, expected: dict[str, str]) -> None:
    status, answer = server.ask("/explain", {"q": "\n".join(LINES), "source": "en", "target": "de", "alternatives": 1})
    assert status == 200
    assert [line.split() for line in answer["translatedText"].split("\n")] == [
        text.split() for text in expected.values()
    ]
    assert len(answer["lines"]) == len(LINES)
    for line, told in zip(LINES, answer["lines"], strict=True):
        assert told["source"] == line.split()
        assert told["target"] == expected[line].split()
        assert len(told["wordConfidence"]) == len(told["target"])
        assert all(0 <= value <= 1 for value in [told["confidence"], *told["wordConfidence"]])
        assert all(
            source < len(told["source"]) and target < len(told["target"]) for source, target in told["alignment"]
        )
        for one in told["maps"]:
            assert len(one["weights"]) == len(one["target"])
            assert all(len(row) == len(one["source"]) for row in one["weights"])


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", "The child.\r\n\nOur boat!\n"), ("b.HTML", "<p>The <b>child</b>.</p>")]
)
def test_a_file_is_translated_and_fetched(server: Running, name: str, content: str) -> None:
    status, answer = server.send(form(server, name, content.encode()))
    assert status == 200, answer
    with urllib.request.urlopen(answer["translatedFileUrl"]) as found:
        text = found.read().decode()
        assert f"{Path(name).stem}_de{Path(name).suffix}" in found.headers["content-disposition"]
    kind = "html" if "<" in content else "text"
    assert text == server.translate(content, format=kind)["translatedText"]
    assert server.ask("/download_file/guessed")[0] == 404


def form(server: Running, name: str, content: bytes) -> urllib.request.Request:
    """A form of several parts with a file."""
    parts = [f'form-data; name="{key}"\r\n\r\n{value}' for key, value in (("source", "en"), ("target", "de"))]
    parts.append(f'form-data; name="file"; filename="{name}"\r\n\r\n')
    body = b"".join(b"--x\r\nContent-Disposition: " + part.encode() + b"\r\n" for part in parts[:2])
    body += b"--x\r\nContent-Disposition: " + parts[2].encode() + content + b"\r\n--x--\r\n"
    return urllib.request.Request(
        server.address + "/translate_file", body, {"content-type": "multipart/form-data; boundary=x"}
    )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "q: field required"),
        ({"q": "a", "source": "en"}, "target"),
        ({"q": 1, "source": "en", "target": "de"}, "q:"),
        ({"q": "a", "source": "en", "target": "xx"}, "there are: en-de"),
        ({"q": "a", "source": "en", "target": "de", "format": "pdf"}, "format"),
        ({"q": "a", "source": "en", "target": "de", "alternatives": 1000}, "alternatives"),
        ({"q": "a" * 20_001, "source": "en", "target": "de"}, "20,000"),
        ({"q": ["a"] * 501, "source": "en", "target": "de"}, "500"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(server: Running, values: dict[str, Any], says: str) -> None:
    status, answer = server.ask("/translate", values)
    assert status == 400
    assert says in answer["error"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000, b'{"q": "\\ud800"', b"null"])
def test_a_body_that_is_no_json_object_is_told(server: Running, body: bytes) -> None:
    request = urllib.request.Request(server.address + "/translate", body, {"content-type": "application/json"})
    status, answer = server.send(request)
    assert status == 400
    assert "JSON" in answer["error"]


def test_half_a_character_is_replaced(server: Running) -> None:
    body = b'{"q": "The \\ud800 child.", "source": "en", "target": "de"}'
    request = urllib.request.Request(server.address + "/translate", body, {"content-type": "application/json"})
    assert server.send(request)[0] == 200


def test_nothing_stands_for_what_is_left_out(server: Running, expected: dict[str, str]) -> None:
    assert server.translate(LINES[0], format=None, alternatives=None, api_key="") == {
        "translatedText": expected[LINES[0]]
    }


def test_a_file_that_is_no_text_is_refused_and_utf_16_is_read(server: Running) -> None:
    status, answer = server.send(form(server, "a.txt", b"caf\xe9"))
    assert status == 400
    assert "UTF-8" in answer["error"]
    assert server.send(form(server, "a.txt", "The child.".encode("utf-16")))[0] == 200
    assert "20,000" in server.send(form(server, "a.txt", b"x" * 20_001))[1]["error"]


def test_methods_that_are_made_up_are_counted_as_others(server: Running) -> None:
    server.send(urllib.request.Request(server.address + "/health", method="MADEUP"))
    with urllib.request.urlopen(server.address + "/metrics") as page:
        text = page.read().decode()
    assert "MADEUP" not in text
    assert 'method="other"' in text


def test_a_model_that_is_gone_is_an_error_of_its_requests_alone(
    start: Start, model_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(model_folder, tmp_path / "gone")
    server = start("--model", model_folder, "--model", f"de-fr={tmp_path / 'gone'}")
    shutil.rmtree(tmp_path / "gone")
    status, answer = server.ask("/translate", {"q": "Ein Kind.", "source": "de", "target": "fr"})
    assert (status, answer["error"].partition(":")[0]) == (500, "The model de-fr is no folder")
    assert "Traceback" not in server.log.read_text("utf-8")
    assert server.translate(LINES[0])


def test_unknown_addresses_and_methods_are_errors_in_json(server: Running) -> None:
    assert server.ask("/nowhere")[0] == 404
    assert server.ask("/translate")[0] == 405
    assert "error" in server.ask("/page/../../../pyproject.toml")[1]


def test_many_clients_at_once_get_each_their_own_answer(server: Running, model_folder: Path) -> None:
    lines = [f"The child sees {number} books." for number in range(60)]
    answers = nmt.load(model_folder).translate(lines)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda line: server.translate(line)["translatedText"], lines))
    assert found == [answer.text for answer in answers]
    with urllib.request.urlopen(server.address + "/metrics") as page:
        counts = dict(line.rsplit(" ", 1) for line in page.read().decode().splitlines() if not line.startswith("#"))
    assert float(counts["nmt_batch_lines_sum"]) > float(counts["nmt_batch_lines_count"]), (
        "no two were translated together"
    )


def test_the_log_has_no_text_and_no_answer_a_path(server: Running, model_folder: Path) -> None:
    secret = "The secret of the house"
    server.translate(secret)
    assert server.logged()
    text = server.log.read_text("utf-8")
    assert "secret" not in text
    for path in ("/languages", "/frontend/settings", "/openapi.json", "/docs", "/nowhere", "/metrics"):
        connection = http.client.HTTPConnection(server.address.removeprefix("http://"))
        connection.request("GET", path)
        answer = connection.getresponse().read().decode()
        assert str(model_folder.parent) not in answer


def test_every_answer_carries_a_strict_policy(server: Running) -> None:
    for path in ("/", "/docs", "/languages", "/nowhere", "/translate"):
        try:
            headers = urllib.request.urlopen(server.address + path).headers
        except urllib.error.HTTPError as error:
            headers = error.headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_description_of_the_api_needs_no_other_host(server: Running) -> None:
    with urllib.request.urlopen(server.address + "/docs") as answer:
        page = answer.read().decode()
    assert "/translate_file" in page
    assert "https://" not in page
    assert server.ask("/spec") == server.ask("/openapi.json")
    assert {"/translate", "/detect", "/languages", "/explain"} <= set(server.ask("/spec")[1]["paths"])


def test_libretranslatepy_works_unchanged(server: Running, expected: dict[str, str]) -> None:
    module = pytest.importorskip("libretranslatepy")
    client = module.LibreTranslateAPI(server.address)
    assert client.translate(LINES[0], "en", "de") == expected[LINES[0]]
    assert client.detect("Our boat.") == [{"language": "en", "confidence": 100.0}]
    assert client.languages()[0]["code"] == "en"


def test_deep_translator_works_unchanged(server: Running, expected: dict[str, str], tmp_path: Path) -> None:
    module = pytest.importorskip("deep_translator")
    client = module.LibreTranslator(source="en", target="de", api_key="any", custom_url=server.address + "/")
    assert client.translate(LINES[0]) == expected[LINES[0]]
    assert client.translate_batch(LINES[:2]) == [expected[line] for line in LINES[:2]]
    (tmp_path / "a.txt").write_text(LINES[1])
    assert client.translate_file(str(tmp_path / "a.txt")) == expected[LINES[1]]


@pytest.mark.parametrize("examples", [25, pytest.param(500, marks=pytest.mark.slow)])
def test_requests_made_up_from_its_own_description_never_break_it(
    server: Running, examples: int, tmp_path: Path
) -> None:
    pytest.importorskip("schemathesis")
    command = [sys.executable, "-m", "schemathesis.cli", "run", server.address + "/openapi.json", "--no-color"]
    command += ["--checks", "not_a_server_error", "--max-examples", str(examples), "--seed", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    tested = re.search(r"([\d,]+) generated, ([\d,]+) passed", done.stdout)
    assert done.returncode == 0, done.stdout
    assert tested is not None
    assert tested[1] == tested[2]
    assert int(tested[1].replace(",", "")) > 5 * examples
    assert all(line.get("status", 0) < 500 for line in server.logged()), "one that another client would see"


def test_several_models_are_routed_chained_and_detected(start: Start, model_folder: Path) -> None:
    options = [option for pair in ("en-de", "de-fr") for option in ("--model", f"{pair}={model_folder}")]
    server = start(*options, "--memory", "1", "--beam", "2")
    assert server.ask("/languages")[1][0] == {"code": "en", "name": "English", "targets": ["de", "fr"]}
    german = server.translate(LINES[0])["translatedText"]
    french = server.translate(german, source="de", target="fr")["translatedText"]
    assert server.translate(LINES[0], target="fr")["translatedText"] == french
    assert server.translate(LINES[0], target="en")["translatedText"] == LINES[0]
    for text, code in (("Ein Kind liest das Buch in der Schule.", "de"), ("A child reads the book at school.", "en")):
        detected = server.translate(text, source="auto", target="fr")["detectedLanguage"]
        assert detected["language"] == code
        assert detected["confidence"] > 90
        assert server.ask("/detect", {"q": text})[1][0] == detected
    assert server.translate(["Ein Kind."], source="auto")["detectedLanguage"][0]["language"] in ("en", "de")
    assert server.ask("/explain", {"q": LINES[0], "source": "en", "target": "fr"})[1]["lines"] == []


def test_an_ensemble_translates_as_it_does_files(start: Start, model_folder: Path) -> None:
    server = start("--model", model_folder, "--ensemble", model_folder)
    translator = nmt.translator.Translator.load(model_folder, others=[model_folder])
    assert server.translate(LINES[0])["translatedText"] == translator.translate(LINES[0]).text


def test_keys_and_rates_hold(
    start: Start, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["serve", "--keys", str(tmp_path / "keys"), "--new-key", "ann"])
    key = capsys.readouterr().out.strip()
    server = start("--model", model_folder, "--keys", tmp_path / "keys", "--rate", "3")
    asked = {"q": LINES[0], "source": "en", "target": "de"}
    assert server.ask("/translate", asked)[0] == 403
    assert server.ask("/translate", {**asked, "api_key": "wrong"})[0] == 403
    assert [server.ask("/translate", {**asked, "api_key": key})[0] for _ in range(4)] == [200, 200, 200, 429]
    assert server.ask("/languages")[0] == 200
    assert server.ask("/frontend/settings")[1]["keyRequired"]
    text = server.log.read_text("utf-8")
    assert key not in text
    assert '"client": "ann"' in text


def test_a_full_queue_is_told_and_recovers(start: Start, model_folder: Path) -> None:
    server = start("--model", model_folder, "--queue", "2", "--beam", "20")
    with ThreadPoolExecutor(12) as pool:
        asked = {"q": ["The child sees the book." * 20] * 4, "source": "en", "target": "de"}
        found = list(pool.map(lambda _: server.ask("/translate", asked)[0], range(12)))
    assert set(found) == {200, 429}
    assert server.translate(LINES[0])


def test_what_takes_too_long_is_given_up(start: Start, model_folder: Path) -> None:
    server = start("--model", model_folder, "--seconds", "1", "--beam", "50")
    status, answer = server.ask(
        "/translate", {"q": ["The child sees the book." * 8] * 90, "source": "en", "target": "de"}
    )
    assert status == 503
    assert "longer than 1 seconds" in answer["error"]
    until = time.monotonic() + 60  # the batch that it was in is finished first
    while server.ask("/translate", {"q": "The child.", "source": "en", "target": "de"})[0] != 200:
        assert time.monotonic() < until


def test_a_body_that_is_too_large_or_too_slow_costs_no_memory(server: Running) -> None:
    process = psutil.Process(server.process.pid)
    server.translate(LINES[0])
    before = process.memory_info().rss
    host, port = server.address.removeprefix("http://").split(":")
    slow = socket.create_connection((host, int(port)))
    slow.sendall(
        b"POST /translate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.putrequest("POST", "/translate")
    connection.putheader("Content-Length", str(100 * 2**20))
    connection.endheaders()
    for _ in range(100):
        connection.send(b" " * 2**20)
    answer = connection.getresponse()
    assert answer.status == 413
    assert "larger than" in json.load(answer)["error"]
    nested = "<div><b>" * 2400
    assert server.translate(nested + "boat", format="html")["translatedText"].startswith(nested[:100])
    assert process.memory_info().rss - before < 100 * 2**20
    slow.sendall(b" ")
    assert server.translate(LINES[0])
    slow.close()


def test_sigterm_finishes_what_was_accepted(start: Start, model_folder: Path) -> None:
    server = start("--model", model_folder, "--beam", "20")
    asked = {"q": ["The child sees the book." * 8] * 60, "source": "en", "target": "de"}
    found: list[tuple[int, Any]] = []
    client = threading.Thread(target=lambda: found.append(server.ask("/translate", asked)))
    client.start()
    time.sleep(0.5)
    assert not found, "it was done too early for this test"
    server.process.send_signal(signal.SIGTERM)
    client.join(60)
    assert found[0][0] == 200
    assert len(found[0][1]["translatedText"]) == 60
    assert server.process.wait(30) == 143
    assert "Traceback" not in server.log.read_text("utf-8")


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "{busy}"],
        ["--host", "no.such.host.invalid"],
        ["--host", "a..b"],
        ["--model", "de-fr={weightless}"],
        ["--model", "de-fr={lm}"],
        ["--rate", "-1"],
        ["--port", "x"],
        ["--strategy", "sampling", "--term", "boat=Kahn"],
    ],
)
def test_a_server_that_cannot_start_says_why_in_a_line(
    server: Running,
    model_folder: Path,
    make_folder: Callable[..., Path],
    options: list[str],
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    lm = make_folder(tmp_path / "lm", model__encoder_layers=0, model__attention="none", model__bridge="zero")
    shutil.copytree(model_folder, tmp_path / "weightless", ignore=shutil.ignore_patterns("*.safetensors"))
    places = {"busy": server.address.rpartition(":")[2], "lm": lm, "weightless": tmp_path / "weightless"}
    assert (
        main(
            [
                "serve",
                "--model",
                str(model_folder),
                *(option.format(**places) for option in options),
            ]
        )
        == 2
    )
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("nmt: error: ")


def test_missing_packages_are_named(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("raise ModuleNotFoundError('No module named fastapi', name='fastapi')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "nmt", "serve", "--model", str(model_folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'nmt[serve]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
