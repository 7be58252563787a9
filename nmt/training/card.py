"""What a finished training says of itself: the model card, README.md of its folder, and a screen at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nmt.config import Config
from nmt.model.seq2seq import Seq2Seq, parameter_count
from nmt.training.checkpoints import Progress


def model_card(config: Config, network: Seq2Seq, scores: dict[str, Any]) -> str:
    """A page that says what the model is, what it was trained on, and how well it translates."""
    data, model = config.data, config.model
    trained = data.folder or " and ".join(data.train)
    if config.synthetic.models:
        trained += f", and on translations by {' and '.join(config.synthetic.models)}"
    lines = [
        f"# A translator from {data.source} to {data.target}" if data.source and data.target else "# A translator",
        "",
        f"Trained on {trained}. {model.cell} encoder-decoder, decoder {model.decoder}, attention {model.attention}, "
        f"{model.encoder_layers} + {model.decoder_layers} layers of {model.hidden}, "
        f"{parameter_count(network):,} parameters.",
        "",
        "Translate with `nmt translate --model FOLDER`; every setting is in `config.json`.",
        "",
    ]
    if scores:
        lines += ["| test set | metric | score | 95 % interval | signature |", "|---|---|---|---|---|"]
        for name, result in scores.items():
            for metric in ("bleu", "chrf", "ter"):
                score = result[metric]
                interval = "{:.2f} to {:.2f}".format(*score["interval"]) if score["interval"] else ""
                lines.append(f"| {name} | {metric} | {score['score']:.2f} | {interval} | `{score['signature']}` |")
    return "\n".join(lines) + "\n"


def ending(config: Config, folder: Path, progress: Progress, scores: dict[str, Any]) -> str:
    """One screen: how the training went, its scores, where everything lies and what to do with it."""
    best = "" if progress.best is None else f"best validation {config.train.best_by} {abs(progress.best):.4g}"
    lines = [
        f"done: {progress.update:,} updates, {progress.epoch} epochs, {progress.seconds / 60:.1f} minutes",
        *([f"{progress.skipped:,} updates were skipped: their gradient was no number"] if progress.skipped else []),
        *([best] if best else []),
        *(
            f"{name}: BLEU {result['bleu']['score']:.1f}, chrF {result['chrf']['score']:.1f}, "
            f"TER {result['ter']['score']:.1f} (beam {config.search.beam})"
            for name, result in scores.items()
        ),
        f"model      {folder}: config.json, model.safetensors, the subword models; README.md is its card",
        f"scores     {folder / 'scores.json'}",
        f"log        {folder / 'log.jsonl'}, or: tensorboard --logdir {folder}",
        f"translate  nmt translate --model {folder} --input FILE",
        f"talk       nmt repl --model {folder}",
    ]
    return "\n".join(lines)
