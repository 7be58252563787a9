"""Several processes train one network as one process would: the same batches, the same weights, one that writes."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from examples import sentence_pairs
from torch.distributed import TCPStore

from nmt import model_folder
from nmt.errors import UserError
from nmt.training.distribution import ALONE, Group, joined

SETTINGS = {
    "data.source": "en",
    "data.target": "de",
    "subwords.vocabulary": "320",
    "model.hidden": "16",
    "model.embedding": "16",
    "model.dropout": "0",
    "train.batch_tokens": "100",
    "train.schedule": "constant",
    "train.warmup": "0",
    "train.precision": "float32",
    "train.validate_every": "10",
    "train.average": "2",
    "train.log_seconds": "0",
    "train.device": "cpu",
    "train.threads": "1",
}


def torchrun(processes: int, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs a Python program as so many processes."""
    launch = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *launch, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=200)
    assert not (check and done.returncode), done.stderr
    return done


def test_what_the_processes_tell_each_other(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import torch
            from nmt.errors import UserError
            from nmt.training.distribution import joined

            with joined("cpu") as group:
                rank = group.rank
                tensors = [torch.full((2, 2), 1.0 + rank), torch.tensor([10.0 * rank])]
                group.sum(tensors)
                assert tensors[0].tolist() == [[6.0, 6.0], [6.0, 6.0]] and tensors[1].tolist() == [30.0]
                assert group.sum_numbers([1e9 + rank, 0.5]) == [3e9 + 3, 1.5]
                assert group.tell(f"from {rank}") == "from 0"
                assert group.collect(rank) == [0, 1, 2]
                assert group.gather([10 * item for item in group.share(list(range(7)))], 7) == list(range(0, 70, 10))
                assert group.once(lambda: f"made by {rank}") == "made by 0"
                def refuse():
                    raise UserError("no room")
                try:
                    group.once(refuse)
                except UserError as error:
                    assert rank == 0 and str(error) == "no room"
                except SystemExit as end:
                    assert rank > 0 and end.code == 2
                print("well", flush=True)
            """
        )
    )
    assert torchrun(3, str(program)).stdout.count("well") == 3


def test_processes_that_are_started_again_meet_each_other_and_not_those_before(tmp_path: Path) -> None:
    store = TCPStore("localhost", 0, is_master=True, wait_for_workers=False)  # as torchrun keeps one
    program = tmp_path / "program.py"
    program.write_text(
        "from nmt.training.distribution import joined\n"
        "with joined('cpu') as group:\n    assert group.collect(group.rank) == [0, 1]\n"
    )
    shared = {
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": str(store.port),
        "WORLD_SIZE": "2",
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "OMP_NUM_THREADS": "1",
    }

    def start(rank: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, program], env={**os.environ, **shared, "RANK": str(rank)})

    assert [process.wait(100) for process in [start(0), start(1)]] == [0, 0]
    early = start(1)
    with contextlib.suppress(subprocess.TimeoutExpired):
        assert early.wait(8) is None, "it took an address that nobody has any more"
    assert [process.wait(100) for process in [start(0), early]] == [0, 0]


def test_one_process_alone_shares_with_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu") as group:
        assert group is ALONE
    assert group.share([1, 2, 3]) == [1, 2, 3]
    assert group.gather(["a", "b"], 2) == ["a", "b"]
    tensor = torch.ones(2)
    group.sum([tensor])
    assert tensor.tolist() == [1, 1]
    with pytest.raises(UserError, match="as it was"):
        group.once(lambda: (_ for _ in ()).throw(UserError("as it was")))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_shares_are_of_like_size_and_make_up_the_whole(size: int) -> None:
    shares = [Group(rank, size).share(list(range(11))) for rank in range(size)]
    assert sorted(number for share in shares for number in share) == list(range(11))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def words(data: Path, output: Path, updates: int) -> list[str]:
    settings = {**SETTINGS, "data.folder": str(data), "output": str(output), "train.updates": str(updates)}
    return ["-m", "nmt", "train", *(word for key, value in settings.items() for word in (f"--{key}", value))]


def records(output: Path, kind: str) -> dict[int, dict[str, float]]:
    """Everything that was logged, by update."""
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return {line["update"]: line for line in lines if line["kind"] == kind}


def test_two_processes_train_as_one_would_and_each_number_goes_on_where_the_other_stopped(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for part, count, seed in (("train", 150, 1), ("val", 9, 2), ("test", 5, 3)):
        for side, language in enumerate(("en", "de")):
            text = "".join(pair[side] + "\n" for pair in sentence_pairs(count, seed))
            (data / f"{part}.{language}").write_text(text)
    one, two = tmp_path / "one", tmp_path / "two"
    alone = subprocess.run([sys.executable, *words(data, one, 30)], capture_output=True, text=True, check=True)
    assert "done: 30 updates" in alone.stderr
    together = torchrun(2, *words(data, two, 15))
    assert together.stderr.count("done: 15 updates") == 1
    assert len(together.stdout.splitlines()) == 1  # the scores of the test set, told once
    again = subprocess.run([sys.executable, *words(data, two, 20)], capture_output=True, text=True, check=True)
    assert "processes: 2 -> 1" in again.stderr
    assert "processes: 1 -> 2" in torchrun(2, *words(data, two, 30)).stderr
    losses, expected = ({n: line["loss"] for n, line in records(run, "train").items()} for run in (two, one))
    assert list(losses) == list(range(1, 31))
    assert losses == pytest.approx(expected, abs=1e-4)
    assert len(set(losses.values())) == 30
    found, known = records(two, "valid"), records(one, "valid")
    for update in (10, 20, 30):
        for score in ("loss", "accuracy", "bleu", "chrf"):
            assert found[update][score] == pytest.approx(known[update][score], rel=1e-3)
        assert found[update]["samples"] == known[update]["samples"]
    weights = [model_folder.read_tensors(run / model_folder.WEIGHTS) for run in (one, two)]
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=1e-2, atol=1e-4)


def test_what_the_first_process_refuses_is_said_once(tmp_path: Path) -> None:
    ended = torchrun(2, *words(tmp_path / "nowhere", tmp_path / "run", 5), check=False)
    assert ended.returncode != 0
    assert ended.stderr.count("nmt: error:") == 1
    assert "nowhere" in ended.stderr
    assert not (tmp_path / "run").exists()
