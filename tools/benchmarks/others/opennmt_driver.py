"""`onmt_train`, whose validation perplexity leaves label smoothing out, for the environment of OpenNMT-py."""

from onmt.bin.train import main
from onmt.utils.loss import LossCompute

plain = LossCompute.from_opts.__func__


def from_opts(cls, opt, model, vocab, train=True):
    """The loss of training as it is; that of validation without smoothing."""
    compute = plain(cls, opt, model, vocab, train)
    if not train:
        compute.criterion.label_smoothing = 0.0
    return compute


LossCompute.from_opts = classmethod(from_opts)
main()
