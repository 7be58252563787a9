"""Imports point one way: a room knows only the rooms in the rows above its own, never its neighbours in the row."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOMS = """
    errors
    config
    data model search options arguments memory plots
    model_folder text side_by_side
    scoring
    searcher
    translator compress
    account
    pipeline
    formats evaluation
    documents
    rerank training
    repl server report
    commands
    completion
    cli
    __main__
"""
"""The rooms of `nmt`, lowest first; those of one row do not know each other."""

LATER = {"": {"translator"}, "options": {"model", "search", "training"}}
"""What the package itself and the options import within functions, so that the command line answers at once."""

ROOT = Path(__file__).parent.parent
ROWS = [set(row.split()) for row in ROOMS.split("\n") if row.strip()]
KNOWN = {room: {room}.union(*ROWS[:height]) for height, row in enumerate(ROWS) for room in row} | {"": set()}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "nmt").rglob("*.py"))
}


def room_of(module: str) -> str:
    """nmt.data.lines -> data; the package itself is ''."""
    return module.split(".")[1] if "." in module else ""


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """The modules that some import statements name; `from nmt import x` names nmt.x where that is one."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            names.update(inner or {str(node.module)})
    return names


def at_once(module: str) -> set[str]:
    """What a module imports when it is imported itself."""
    return imported(ast.parse(MODULES[module].read_text("utf-8")).body)


def at_all(module: str) -> set[str]:
    """The same with the imports inside functions."""
    return imported(ast.walk(ast.parse(MODULES[module].read_text("utf-8"))))


def rooms(modules: Iterable[str]) -> set[str]:
    return {room_of(module) for module in modules if module.split(".")[0] == "nmt"} - {""}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_the_rooms_above(module: str) -> None:
    room = room_of(module)
    assert room in KNOWN, f"give {room!r} a place in ROOMS"
    assert rooms(at_once(module)) <= KNOWN[room]
    assert rooms(at_all(module)) <= KNOWN[room] | LATER.get(room, set())


@pytest.mark.parametrize("module", MODULES)
def test_the_package_does_not_know_what_stands_around_it(module: str) -> None:
    around = {"recipes", "tests", "tools", "conftest"}
    around |= {path.stem for folder in ("recipes", "tools") for path in (ROOT / folder).rglob("*.py")}
    assert not {name.split(".")[0] for name in at_all(module)} & around


def test_this_test_sees_imports() -> None:
    source = "import a.b\nfrom nmt import errors, __version__\ndef f():\n    from nmt.data.lines import x\n"
    tree = ast.parse(source)
    assert imported(tree.body) == {"a.b", "nmt.errors"}
    assert imported(ast.walk(tree)) == {"a.b", "nmt.errors", "nmt.data.lines"}
    assert rooms({"nmt.data.lines", "nmt", "torch"}) == {"data"}
    assert KNOWN["model"] == {"errors", "config", "model"}
