"""Checkpoints: what is saved comes back, a damaged one is passed over, and half of one is none."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import os
import shutil
from pathlib import Path

import pytest
import torch

from nmt import model_folder
from nmt.config import ModelConfig
from nmt.errors import UserError
from nmt.model.seq2seq import Seq2Seq
from nmt.training.checkpoints import Checkpoints, Progress, TrainingState
from nmt.training.optimizers import OPTIMIZERS

FILES = ["model.safetensors", "optimizer.safetensors", "average.safetensors", "progress.json"]


def make_state(optimizer: str = "adamw", *, seed: int = 1, average: bool = True) -> TrainingState:
    """A training that has not begun."""
    torch.manual_seed(seed)
    network = Seq2Seq(ModelConfig(embedding=6, hidden=8, dropout=0.2), 12, 12, joint=True)
    averages = {name: value.detach().clone() for name, value in network.named_parameters()} if average else {}
    return TrainingState(network, OPTIMIZERS[optimizer](network.parameters(), 0.01, 0.0), Progress(), averages)


def advance(state: TrainingState) -> None:
    """One update, with random gradients and a weight decayed into the average."""
    for parameter in state.network.parameters():
        parameter.grad = torch.randn_like(parameter)
    state.optimizer.step()
    state.progress.update += 1
    state.progress.best = -1 / state.progress.update
    for name, value in state.network.named_parameters():
        if name in state.average:
            state.average[name].lerp_(value.detach(), 0.1)


def assert_same(one: TrainingState, other: TrainingState) -> None:
    assert one.progress == other.progress
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name]), name
    assert one.average.keys() == other.average.keys()
    for name, value in one.average.items():
        assert torch.equal(value, other.average[name]), name


def saved_three_times(folder: Path) -> Checkpoints:
    checkpoints, state = Checkpoints(folder), make_state()
    for _ in range(3):
        advance(state)
        checkpoints.save(state)
    return checkpoints


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_was_saved_comes_back_and_goes_on_as_if_nothing_had_been(tmp_path: Path, optimizer: str) -> None:
    state, other = make_state(optimizer), make_state(optimizer, seed=2)
    for _ in range(3):
        advance(state)
    state.progress = Progress(3, 1, 2, 4.5, 600, 1, 2, 3.5, -0.25, "loss")
    Checkpoints(tmp_path).save(state)
    advance(other)
    restored = Checkpoints(tmp_path).restore(other)
    assert restored is not None
    assert restored.name == "checkpoint-000000003"
    assert_same(state, other)
    random = torch.get_rng_state()
    for one in (state, other):
        torch.set_rng_state(random)
        advance(one)
        advance(one)
    assert_same(state, other)


def test_where_nothing_was_saved_nothing_is_restored(tmp_path: Path) -> None:
    state, untouched = make_state(), make_state()
    assert Checkpoints(tmp_path / "nowhere").restore(state) is None
    assert Checkpoints(tmp_path).restore(state) is None
    assert_same(state, untouched)


def test_the_newest_are_kept_and_nothing_is_pickled(tmp_path: Path) -> None:
    saved_three_times(tmp_path)
    assert names(tmp_path) == [f"checkpoint-{update:09d}" for update in (2, 3)]
    for folder in tmp_path.iterdir():
        assert names(folder) == sorted(FILES)
        for path in folder.glob("*.safetensors"):
            model_folder.read_tensors(path)  # raises for anything but plain tensors


@pytest.mark.parametrize(
    ("name", "damage"),
    [*itertools.product(FILES, ["cut", "emptied", "removed"]), ("progress.json", "retyped")],
)
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before_and_told(
    tmp_path: Path, name: str, damage: str
) -> None:
    checkpoints = saved_three_times(tmp_path)
    path = tmp_path / "checkpoint-000000003" / name
    content = path.read_bytes()
    if damage == "removed":
        path.unlink()
    elif damage == "retyped":
        path.write_bytes(content.replace(b'"update": 3', b'"update": "three"'))
    else:
        path.write_bytes(content[: -len(content) // 3] if damage == "cut" else b"")
    expected = make_state()
    advance(expected)
    advance(expected)
    told: list[str] = []
    state = make_state(seed=3)
    assert checkpoints.restore(state, told.append) == tmp_path / "checkpoint-000000002"
    (line,) = told
    assert str(path) in line
    assert "checkpoint-000000002" in line
    assert_same(state, expected)


def test_when_all_are_damaged_it_is_an_error_that_names_the_newest(tmp_path: Path) -> None:
    checkpoints = saved_three_times(tmp_path)
    for folder in tmp_path.iterdir():
        (folder / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(UserError, match=r"checkpoint-000000003.*damaged.*restore it from a copy"):
        checkpoints.restore(make_state())


def test_weights_of_another_network_are_an_error(tmp_path: Path) -> None:
    saved_three_times(tmp_path)
    network = Seq2Seq(ModelConfig(embedding=6, hidden=12), 12, 12, joint=True)
    other = TrainingState(network, OPTIMIZERS["adamw"](network.parameters(), 0.01, 0.0), Progress(), {})
    with pytest.raises(UserError, match="does not fit"):
        Checkpoints(tmp_path).restore(other)


def test_what_a_killed_save_left_is_ignored_and_then_removed(tmp_path: Path) -> None:
    checkpoints = saved_three_times(tmp_path)
    shutil.copytree(tmp_path / "checkpoint-000000003", tmp_path / "checkpoint-000000009.partial")
    (tmp_path / "notes.txt").write_text("mine")
    state = make_state()
    assert checkpoints.restore(state) == tmp_path / "checkpoint-000000003"
    advance(state)
    checkpoints.save(state)
    assert names(tmp_path) == ["checkpoint-000000003", "checkpoint-000000004", "notes.txt"]


def test_a_full_disk_is_told_and_harms_no_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = saved_three_times(tmp_path)
    state, expected = make_state(), make_state()
    checkpoints.restore(state)
    checkpoints.restore(expected)
    advance(state)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("nmt.model_folder.os.fsync", full)
        with pytest.raises(UserError, match=r"checkpoint-000000004.*No space left.*make room"):
            checkpoints.save(state)
    assert checkpoints.restore(state) == tmp_path / "checkpoint-000000003"
    assert_same(state, expected)


def test_an_average_begun_later_begins_from_the_weights(tmp_path: Path) -> None:
    state, averaging = make_state(average=False), make_state(seed=2)
    advance(state)
    Checkpoints(tmp_path).save(state)
    Checkpoints(tmp_path).restore(averaging)
    assert averaging.average
    for name, value in state.network.named_parameters():
        assert torch.equal(averaging.average[name], value)


def test_an_optimiser_of_another_kind_begins_afresh(tmp_path: Path) -> None:
    for kind, other in itertools.permutations(OPTIMIZERS, 2):
        folder = tmp_path / f"{kind}-{other}"
        state, changed = make_state(kind), make_state(other, seed=2)
        advance(state)
        Checkpoints(folder).save(state)
        Checkpoints(folder).restore(changed)
        assert not changed.optimizer.state
        before = dataclasses.replace(changed.progress)
        advance(changed)
        assert changed.progress.update == before.update + 1
