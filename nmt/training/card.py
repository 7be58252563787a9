"""What a finished training says of itself: the model card, README.md of its folder, and a screen at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nmt.config import Config
from nmt.model.seq2seq import Seq2Seq, parameter_count
from nmt.training.checkpoints import Progress


def model_card(config: Config, network: Seq2Seq, scores: dict[str, Any]) -> str:
    """A page that says what the model is, what it was trained on, and how well it translates, or predicts."""
    data, model = config.data, config.model
    trained = data.folder or " and ".join(data.train)
    if config.synthetic.models:
        trained += f", and on translations by {' and '.join(config.synthetic.models)}"
    size = f"layers of {model.hidden}, {parameter_count(network):,} parameters."
    if model.is_language_model:
        return _language_model_card(
            config, f"Trained on {trained}. {model.cell}, {model.decoder_layers} {size}", scores
        )
    lines = [
        f"# A translator from {data.source} to {data.target}" if data.source and data.target else "# A translator",
        "",
        f"Trained on {trained}. {model.cell} encoder-decoder, decoder {model.decoder}, attention {model.attention}, "
        f"{model.encoder_layers} + {model.decoder_layers} {size}",
        "",
        "Translate with `nmt translate --model FOLDER`; every setting is in `config.json`.",
        "",
    ]
    if scores:
        signatures: dict[str, None] = {}
        lines += ["| test set | metric | score | 95 % interval |", "|---|---|---|---|"]
        for name, result in scores.items():
            for metric in ("bleu", "chrf", "ter"):
                score = result[metric]
                interval = "{:.2f} to {:.2f}".format(*score["interval"]) if score["interval"] else ""
                lines.append(f"| {name} | {metric} | {score['score']:.2f} | {interval} |")
                signatures[f"- {metric}: `{score['signature']}`"] = None  # whose bars would end a cell
        lines += ["", *signatures]
    return "\n".join(lines) + "\n"


def _language_model_card(config: Config, about: str, scores: dict[str, Any]) -> str:
    lines = [
        f"# A language model of {config.data.target}" if config.data.target else "# A language model",
        "",
        about,
        "",
        "Score text with `nmt score --model FOLDER --target FILE`, search translations of the same pieces with "
        "`nmt translate --lm FOLDER`; every setting is in `config.json`.",
        "",
    ]
    if scores:
        lines += ["| test set | perplexity per piece | bits per character |", "|---|---|---|"]
        lines += [
            f"| {name} | {one['perplexity']:.2f} | {one['bits_per_character']:.3f} |" for name, one in scores.items()
        ]
    return "\n".join(lines) + "\n"


def ending(config: Config, folder: Path, progress: Progress, scores: dict[str, Any]) -> str:
    """One screen: how the training went, its scores, where everything lies and what to do with it."""
    best = "" if progress.best is None else f"best validation {config.train.best_by} {abs(progress.best):.4g}"
    if config.model.is_language_model:
        results = [f"{name}: perplexity {one['perplexity']:.2f}" for name, one in scores.items()]
        uses = [f"score      nmt score --model {folder} --target FILE"]
    else:
        results = [
            f"{name}: BLEU {result['bleu']['score']:.1f}, chrF {result['chrf']['score']:.1f}, "
            f"TER {result['ter']['score']:.1f} (beam {config.search.beam})"
            for name, result in scores.items()
        ]
        uses = [f"translate  nmt translate --model {folder} --input FILE", f"talk       nmt repl --model {folder}"]
    lines = [
        f"done: {progress.update:,} updates, {progress.epoch} epochs, {progress.seconds / 60:.1f} minutes",
        *([f"{progress.skipped:,} updates were skipped: their gradient was no number"] if progress.skipped else []),
        *([best] if best else []),
        *results,
        f"model      {folder}: config.json, model.safetensors, the subword models; README.md is its card",
        f"scores     {folder / 'scores.json'}",
        f"log        {folder / 'log.jsonl'}, or: tensorboard --logdir {folder}",
        *uses,
    ]
    return "\n".join(lines)
