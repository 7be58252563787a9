"""The bridge: what the decoder starts from."""

from __future__ import annotations

from torch import Tensor, nn

from nmt.model.cell import State


class Bridge(nn.Module):
    """Makes the first state of every decoder layer from a summary of the source."""

    def __init__(self, hidden: int, *, layers: int, states: int) -> None:
        super().__init__()
        self.shape = (layers, states, hidden)

    def forward(self, outputs: Tensor, lengths: Tensor, last: Tensor) -> State:
        """The encoder's outputs [batch, source, hidden], lengths [batch] and last outputs [batch, hidden]
        -> tensors [layers, batch, hidden]."""
        raise NotImplementedError


class ZeroBridge(Bridge):
    """Starts from zero: only attention carries the source."""

    def forward(self, outputs: Tensor, lengths: Tensor, last: Tensor) -> State:
        layers, states, hidden = self.shape
        return tuple(last.new_zeros(layers, len(last), hidden) for _ in range(states))


class LastBridge(Bridge):
    """tanh of a linear map of the encoder's last outputs in both directions (Sutskever et al. 2014 take them over;
    Bahdanau et al. 2015, appendix A.2.2, map them)."""

    def __init__(self, hidden: int, *, layers: int, states: int) -> None:
        super().__init__(hidden, layers=layers, states=states)
        self.map = nn.Linear(hidden, layers * states * hidden)

    def forward(self, outputs: Tensor, lengths: Tensor, last: Tensor) -> State:
        return self._spread(last)

    def _spread(self, summary: Tensor) -> State:
        layers, states, hidden = self.shape
        mapped = self.map(summary).tanh().view(-1, states, layers, hidden)
        return tuple(part.transpose(0, 1).contiguous() for part in mapped.unbind(1))


class MeanBridge(LastBridge):
    """The same map of the mean of the encoder's outputs (Nematus, Sennrich et al. 2017, section 3.1)."""

    def forward(self, outputs: Tensor, lengths: Tensor, last: Tensor) -> State:
        return self._spread(outputs.sum(dim=1) / lengths.unsqueeze(1))


BRIDGE: dict[str, type[Bridge]] = {"zero": ZeroBridge, "last": LastBridge, "mean": MeanBridge}
