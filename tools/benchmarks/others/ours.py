"""This project's trainer, on the batches that the others get.

    python tools/benchmarks/others/ours.py TASK.json

The task's `settings` are those of `settings` below; a line of JSON goes to stdout.
"""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nmt import model_folder
from nmt.config import Config
from nmt.data.batching import BucketOrder
from nmt.data.encoded import EncodedCorpus
from nmt.data.respelling import Respelling
from nmt.model.seq2seq import parameter_count
from nmt.training.distribution import Group, joined
from nmt.training.tracking import SilentTracker, Tracker
from nmt.training.trainer import Trainer
from nmt.training.validation import Validator
from others.common import CLIP, DROPOUT, RATE, SMOOTHING, WARMUP, Outcome, Task, execute


class GivenOrder(BucketOrder):
    """Batches as they were written down, instead of those that the trainer would make."""

    def __init__(self, corpus: EncodedCorpus, rows: NDArray[np.int64]) -> None:
        super().__init__(corpus.lengths, batch_tokens=0, seed=0)
        self.rows = rows

    def epoch(self, number: int) -> list[NDArray[np.int64]]:
        return list(self.rows)


def settings(task: Task, network: dict[str, Any], precision: str) -> dict[str, Any]:
    """The settings that are not the defaults; `network` has those by which our networks differ."""
    return {
        "output": str(task.folder),
        "data.source": task.source,
        "data.target": task.target,
        "train.batch_tokens": 4096,  # unused: the batches are given
        "subwords.joint": True,
        "model.attention": "general",
        "model.hidden": task.hidden,
        "model.encoder_layers": task.layers,
        "model.decoder_layers": task.layers,
        "model.dropout": DROPOUT,
        "model.tied": "none",
        "train.updates": task.updates,
        "train.validate_every": task.updates,
        "train.optimizer": "adam",
        "train.learning_rate": RATE,
        "train.schedule": "constant",
        "train.warmup": 0,
        "train.label_smoothing": SMOOTHING,
        "train.clip": CLIP,
        "train.best_by": "loss",
        "train.precision": precision,
        "train.threads": task.threads,
        "train.log_seconds": 1,  # about as often as the others, which log every REPORT updates
        **network,
    }


def train(task: Task, network: dict[str, Any], precision: str, processes: int = 1) -> Outcome:
    """Trains it in a process of its own, or in several that share the threads."""
    file = task.folder / "task.json"
    content = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(task).items()}
    content["settings"] = settings(task, network, precision)
    file.write_text(json.dumps(content))
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    command = [sys.executable, *launch, __file__, str(file)]
    log = execute(command, task.folder / "log.txt", task.threads // processes, PYTHONPATH=path())
    return Outcome(**json.loads(next(line for line in log.splitlines() if line.startswith('{"parameters"'))))


def path() -> str:
    """Where `nmt` and `others` are imported from."""
    here = Path(__file__).resolve().parents[1]
    return f"{here.parents[1]}:{here}"


def run(task: Task, config: Config, group: Group) -> Outcome:
    """Trains by the trainer that recipes use, and reads its log."""
    torch.set_num_threads(task.threads // group.size)
    vocabulary = model_folder.load_vocabulary(task.data, config)
    valid = [(source, target) for source, target in json.loads((task.data / "valid.json").read_text())]
    validator = Validator(config, vocabulary, EncodedCorpus(task.data / "valid.arrow"), valid, group)
    torch.manual_seed(1)
    network = model_folder.build(config, vocabulary)
    corpus = EncodedCorpus(task.data / "train.arrow")
    tracker = Tracker(task.folder) if group.first else SilentTracker()
    respell = Respelling(vocabulary, 1)
    (task.folder / "trainer").mkdir(exist_ok=True)
    trainer = Trainer(config, network, corpus, respell, validator, tracker, task.folder, group)
    trainer.order = GivenOrder(corpus, np.load(task.data / "order.npy"))
    trainer.train()
    tracker.close()
    group.tell("logged")
    records = [json.loads(line) for line in (task.folder / "log.jsonl").read_text().splitlines()]
    marks = [(record["update"], record["time"]) for record in records if record["kind"] == "train"]
    marks = [(update, time) for update, time in marks if update >= WARMUP]
    spans = [
        (sum(task.tokens[first:last]), ended - began) for (first, began), (last, ended) in itertools.pairwise(marks)
    ]
    loss = next(record["loss"] for record in records if record["kind"] == "valid")
    return Outcome(parameter_count(network), loss, spans)


if __name__ == "__main__":
    content = json.loads(Path(sys.argv[1]).read_text())
    values = content.pop("settings")
    task = Task(**{**content, "data": Path(content["data"]), "folder": Path(content["folder"])})
    with joined("cpu") as group:
        outcome = run(task, Config().replace(values), group)
        if group.first:
            print(json.dumps(asdict(outcome)), flush=True)
