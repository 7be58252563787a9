from __future__ import annotations

import stat
from pathlib import Path

import pytest

from nmt.cli import main
from nmt.errors import UserError
from nmt.server.failures import Refused
from nmt.server.keys import Clients, hashed, new_key, read_keys


def test_a_key_is_shown_once_and_kept_as_a_hash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys"
    assert main(["serve", "--keys", str(path), "--new-key", "ann"]) == 0
    key = capsys.readouterr().out.strip()
    assert key not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_keys(path) == {hashed(key): "ann"}
    other = new_key(path, "bob")
    clients = Clients(read_keys(path), 0)
    assert [clients.admit(one, "somewhere") for one in (key, other)] == ["ann", "bob"]


def test_names_are_words_and_there_once(tmp_path: Path) -> None:
    new_key(tmp_path / "keys", "ann")
    for name in ("", "two words", "#bob", "ann"):
        with pytest.raises(UserError):
            new_key(tmp_path / "keys", name)


@pytest.mark.parametrize("before", ["", "\n", "# nobody yet", "\ufeffbob {key}", "bob {key}\n", "bob {key}\r\n"])
def test_a_key_is_added_to_a_file_however_it_ends(tmp_path: Path, before: str) -> None:
    path = tmp_path / "keys"
    path.write_bytes(before.format(key=hashed("old")).encode())
    old = {hashed("old"): "bob"} if "bob" in before else {}
    key = new_key(path, "ann")
    assert read_keys(path) == {**old, hashed(key): "ann"}


@pytest.mark.parametrize("text", ["ann", "ann secret", "ann " + "g" * 64, ""])
def test_a_file_that_holds_no_keys_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys"
    path.write_text(text)
    with pytest.raises(UserError, match=str(path)):
        read_keys(path)


@pytest.mark.parametrize("key", ["", "wrong", "ann"])
def test_without_a_right_key_nobody_is_admitted(key: str) -> None:
    with pytest.raises(Refused) as refused:
        Clients({hashed("right"): "ann"}, 0).admit(key, "somewhere")
    assert refused.value.status == 403


def test_each_client_has_its_own_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("nmt.server.keys.time.monotonic", lambda: now)
    clients = Clients(None, 3)
    for _ in range(3):
        clients.admit("", "one")
    with pytest.raises(Refused) as refused:
        clients.admit("", "one")
    assert refused.value.status == 429
    wait = int(refused.value.headers["Retry-After"])
    clients.admit("", "other")
    now += wait
    clients.admit("", "one")
