"""The table of recurrent layers."""

from __future__ import annotations

from nmt.model.cell import Recurrent
from nmt.model.normalized_cells import NormalizedGRU, NormalizedLSTM
from nmt.model.parallel_cells import QRNN, SRU, SSRU, MinGRU, MinLSTM
from nmt.model.torch_cells import GRU, LSTM, RNN, ReluRNN

RECURRENT: dict[str, type[Recurrent]] = {
    "rnn": RNN,
    "rnn-relu": ReluRNN,
    "lstm": LSTM,
    "gru": GRU,
    "lstm-norm": NormalizedLSTM,
    "gru-norm": NormalizedGRU,
    "ssru": SSRU,
    "mingru": MinGRU,
    "minlstm": MinLSTM,
    "sru": SRU,
    "qrnn": QRNN,
}
