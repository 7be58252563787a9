"""Lines in and out: packed or not, and only `\\n` ends one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.data.lines import CONTROL, clean_line, open_input, open_output, read_lines
from nmt.errors import UserError

CONTENT = b"The child.\n\nThe\xe2\x80\xa8book \xff\r\nno end"


def lines_of(path: Path) -> tuple[list[str], list[int]]:
    """The lines of a file, and the numbers of those with a problem."""
    told: list[int] = []
    with open_input(path) as raw_lines:
        return list(read_lines(raw_lines, lambda number, problem: told.append(number))), told


def test_a_packed_file_has_the_same_lines(tmp_path: Path) -> None:
    plain, packed = tmp_path / "x.en", tmp_path / "x.en.gz"
    plain.write_bytes(CONTENT)
    packed.write_bytes(gzip.compress(CONTENT))
    assert lines_of(packed) == lines_of(plain)
    assert lines_of(plain) == (["The child.", "", "The book \ufffd", "no end"], [3, 3])


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(CONTENT * 999, mtime=0)[:-12], b"\x1f\x8b\x08\x00"])
def test_a_damaged_packed_file_is_a_user_error_that_names_it(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read") as raised:
        lines_of(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_output_is_packed_where_its_name_says_so(tmp_path: Path) -> None:
    lines = [f"line {number} of many that are alike\n".encode() for number in range(2_000)]
    for name in ("y.de", "y.de.gz", "again.gz"):
        with open_output(tmp_path / name) as output:
            for line in lines:
                output.write(line)
                output.flush()  # as every line of a translation is: it must not spoil the packing
    assert (tmp_path / "y.de").read_bytes() == b"".join(lines)
    packed = (tmp_path / "y.de.gz").read_bytes()
    assert gzip.decompress(packed) == b"".join(lines)
    assert len(packed) < 0.2 * len(b"".join(lines))
    assert packed == (tmp_path / "again.gz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.gz", "y.de", "y.de.gz"]


def test_a_packed_output_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with open_output(tmp_path / "y.gz") as output:
            output.write(b"half\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@given(st.text())
def test_a_clean_line_has_no_control_characters_and_all_else_unchanged(text: str) -> None:
    told: list[str] = []
    clean = clean_line(text, told.append)
    assert clean == "".join(" " if CONTROL.match(character) else character for character in text)
    assert len(told) == (clean != text)


def test_what_is_printable_needs_no_cleaning() -> None:
    assert not [code for code in range(0x110000) if chr(code).isprintable() and CONTROL.match(chr(code))]
