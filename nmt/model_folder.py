"""The model folder: weights, configuration and subword models, written so that a reader never sees half of one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from nmt.config import FORMAT_VERSION, Config
from nmt.data.subwords import Vocabulary
from nmt.errors import UserError
from nmt.model.quantized import dequantize, quantize
from nmt.model.seq2seq import Seq2Seq
from nmt.model.shortlist import Shortlist

WEIGHTS = "model.safetensors"
SHORTLIST = "shortlist.safetensors"
SCALES = ".scales"
"""What follows a weight's name in the name of its rows' scales, where it is in eight bits."""
CONFIG = "config.json"


def _from_version_1(tree: dict[str, Any]) -> None:
    """Version 2 gave the decoder its lexical path, and says where the data come from in one way only."""
    tree["model"].setdefault("lexical", False)
    if tree["data"].get("folder"):
        tree["data"].update(train=[], valid=[], test=[])


def _from_version_2(tree: dict[str, Any]) -> None:
    """Version 3 counts the size of a batch among what a training may change on its way."""
    tree["train"]["batch_tokens"] = tree["data"].pop("batch_tokens", None)


MIGRATIONS = {1: _from_version_1, 2: _from_version_2}
"""What makes a configuration of one format version one of the next, in place."""


class Model(NamedTuple):
    """What a model folder holds."""

    network: Seq2Seq
    vocabulary: Vocabulary
    config: Config


def build(config: Config, vocabulary: Vocabulary) -> Seq2Seq:
    """The network of a configuration, with fresh weights."""
    return Seq2Seq(config.model, len(vocabulary.source), len(vocabulary.target), joint=vocabulary.joint)


def load(folder: Path) -> Model:
    """Reads a model folder. Raises UserError when it is none, when it is newer than this program, or damaged."""
    config = load_config(folder)
    vocabulary = load_vocabulary(folder, config)
    check_trained(folder)
    try:
        network = build(config, vocabulary)
    except UserError as error:
        raise UserError(f"{folder / CONFIG}: {error}") from None
    load_weights(network, folder / WEIGHTS)
    return Model(network.eval(), vocabulary, config)


def check_trained(folder: Path) -> None:
    """Raises UserError for a model folder without weights."""
    if not (folder / WEIGHTS).exists():
        raise UserError(f"{folder} has no {WEIGHTS} yet: let its training run reach its first validation.")


def load_config(folder: Path) -> Config:
    """The configuration in a model folder. Raises UserError as `load` does."""
    path = folder / CONFIG
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        version = int(tree.pop("format_version"))
        if version != FORMAT_VERSION and version not in MIGRATIONS:
            raise UserError(
                f"{path} has format version {version}, this program reads up to {FORMAT_VERSION}: use its own version."
            )
        for old in range(version, FORMAT_VERSION):
            MIGRATIONS[old](tree)
    except (FileNotFoundError, NotADirectoryError):
        problem = f"is no model folder, as it has no {CONFIG}" if folder.is_dir() else "is no folder"
        raise UserError(f"{folder} {problem}: give a model folder, as --output of a training run.") from None
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error}): restore it from a copy.") from None
    return Config.parse(tree, where=str(path))


def load_vocabulary(folder: Path, config: Config) -> Vocabulary:
    """The subword models in a model folder."""
    names = ("joint.spm",) if config.subwords.joint else ("source.spm", "target.spm")
    for path in (folder / name for name in names):
        if not path.exists() or path.stat().st_size == 0:
            raise UserError(f"{path} is {'empty' if path.exists() else 'missing'}: restore it from a copy.")
    try:
        vocabulary = Vocabulary.load(folder)
    except UserError:
        raise UserError(f"{folder / ' or '.join(names)} is damaged: restore it from a copy.") from None
    return vocabulary.reversed() if config.subwords.right_to_left else vocabulary


def save_config(folder: Path, config: Config) -> None:
    """Writes the configuration into a model folder."""
    tree = {"format_version": FORMAT_VERSION, **config.model_dump(mode="json")}
    write_durably(folder / CONFIG, json.dumps(tree, indent=2, ensure_ascii=False).encode() + b"\n")


def load_weights(network: Seq2Seq, path: Path) -> None:
    """Reads weights into a network. Raises UserError when the file is damaged or of another network."""
    assign_weights(network, _in_float32(read_tensors(path)), path)


def assign_weights(network: Seq2Seq, weights: dict[str, Tensor], path: Path) -> None:
    """Gives a network the weights that were read from `path`. Raises UserError when they are of another network."""
    try:
        network.load_state_dict(_with_shared(network, weights))
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise UserError(f"{path} does not fit {CONFIG} beside it ({reason}): one of the two was changed.") from None


def save_weights(network: Seq2Seq, path: Path, replace: Mapping[str, Tensor] | None = None) -> None:
    """Writes weights, shared ones once; `replace` gives other values for some, by parameter name."""
    tensors = {name: parameter.detach() for name, parameter in network.named_parameters()}
    write_tensors(path, {**tensors, **(replace or {})})


def save_int8(network: Seq2Seq, path: Path) -> None:
    """Writes weights with all matrices in eight bits; they are read back as float32, which stands for the same."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        if parameter.dim() == 2:
            tensors[name], tensors[name + SCALES] = quantize(parameter.detach())
        else:
            tensors[name] = parameter
    write_tensors(path, tensors)


def _in_float32(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights as a network has them, those in eight bits taken times their scales."""
    scales = {name.removesuffix(SCALES): tensors[name] for name in tensors if name.endswith(SCALES)}
    plain = {name: tensor for name, tensor in tensors.items() if not name.endswith(SCALES)}
    return {name: dequantize(part, scales[name]) if name in scales else part for name, part in plain.items()}


def save_shortlist(folder: Path, shortlist: Shortlist) -> None:
    """Writes a shortlist into a model folder."""
    write_tensors(folder / SHORTLIST, shortlist._asdict())


def load_shortlist(folder: Path, vocabulary: Vocabulary) -> Shortlist | None:
    """The shortlist of a model folder, if it has one. Raises UserError when it is damaged or of another vocabulary."""
    path = folder / SHORTLIST
    if not path.exists():
        return None
    tensors = read_tensors(path)
    try:
        shortlist = Shortlist(**tensors)
        fits = shortlist.lexicon.shape[0] == len(vocabulary.source) and shortlist.frequent.dim() == 1
        for part in shortlist:
            least, most = int(part.min()), int(part.max())
            fits = fits and part.dtype == torch.int32 and least >= 0 and most < len(vocabulary.target)
    except (TypeError, RuntimeError, IndexError):
        fits = False
    if not fits:
        raise UserError(f"{path} does not fit the subwords beside it: restore it from a copy, or remove it.")
    return shortlist


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file. Raises UserError naming the file when it is missing or damaged."""
    try:
        return load_file(path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing.") from None
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is damaged ({error}): restore it from a copy or train again.") from None


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes tensors durably."""
    write_durably(path, save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}))


def write_durably(path: Path, content: bytes) -> None:
    """Writes a file under a temporary name, flushes it to the disk and renames it: it is there whole or not at all.
    Raises OSError naming the file when the disk does not take it."""
    temporary = path.with_name(path.name + ".partial")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flushes a folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _with_shared(network: Seq2Seq, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights under all their names: what is shared was written once."""
    first = {parameter.data_ptr(): name for name, parameter in network.named_parameters()}
    names = {name: first.get(parameter.data_ptr(), name) for name, parameter in network.state_dict().items()}
    return {name: weights[origin] for name, origin in names.items() if origin in weights} | {
        name: value for name, value in weights.items() if name not in names
    }


def device_for(name: str) -> torch.device:
    """The device that a `device` setting means. Raises UserError when there is no such device."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("the device is 'cuda', but PyTorch sees none: choose cpu or auto.")
    return torch.device(name)
