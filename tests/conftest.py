"""What all tests share: the recipes and `examples` on the path, few threads, and a small model folder."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

sys.path[:0] = [str(Path(__file__).parent.parent / "recipes"), str(Path(__file__).parent)]
from examples import make_model_folder, sentence_pairs  # noqa: E402  (found only now)

torch.set_num_threads(1)  # the models are tiny; two threads on a busy machine mostly wait for each other
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us in the background ignores Ctrl-C
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and nohup a terminal that is closed


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows nothing, in the folder it would have if it did."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "untrained")


@pytest.fixture(scope="session")
def model_without_attention(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, from its last encoder state alone."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "without", model__attention="none")


@pytest.fixture(scope="session")
def model_with_other_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with fewer pieces."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "other", subwords__vocabulary=320)


@pytest.fixture(scope="session")
def make_folder() -> Callable[..., Path]:
    """`make_model_folder`, for tests that want other settings."""
    return make_model_folder


@pytest.fixture(scope="session")
def make_pairs() -> Callable[..., list[tuple[str, str]]]:
    """`sentence_pairs`."""
    return sentence_pairs
