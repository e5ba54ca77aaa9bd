"""Specification of a classifier: its factory, weights, outputs and preprocessing."""

from dataclasses import dataclass
from pathlib import Path

from explanations.datasets.preprocessing import Preprocessing

PAPER_FACTORY = "explanations.models.paper_cnn:PaperCNN"
PAPER_WEIGHTS = Path(__file__).parent.parent / "data" / "paper_cnn.safetensors"

OWN = "own"  # in place of a file of weights: those that the factory loads itself
# The kinds of outputs: logits or log-probabilities or probabilities of classes that exclude each other, or
# probabilities or logits of classes of which several can be right.
MULTI_LABEL_LOGITS = "multi-label-logits"
SCORES = ("logits", "log-softmax", "probabilities", "sigmoid", MULTI_LABEL_LOGITS)


@dataclass(frozen=True)
class ModelSpec:
    """Everything needed to load a classifier, here or in another process.

    `factory` is "package.module:name", perhaps with arguments, or "timm:NAME", "hf:NAME-OR-FOLDER",
    "onnx:FILE". `weights` is a safetensors file, OWN, the name of torchvision's weights such as "DEFAULT", or
    None for the weights that belong to the factory. `preprocessing` is None for what the model declares
    itself. `outputs` is the key or index of the explained one of several outputs, and `scores`, one of
    SCORES, what it holds; None detects both.
    """

    factory: str = PAPER_FACTORY
    weights: Path | str | None = None
    preprocessing: Preprocessing | None = None
    outputs: str | None = None
    scores: str | None = None

    def __post_init__(self) -> None:
        if self.scores is not None and self.scores not in SCORES:
            raise ValueError(f"--scores is {self.scores!r}; allowed: {', '.join(SCORES)}")

    @property
    def named_weights(self) -> str:
        """The weights in words for a message."""
        if self.weights is None:
            return str(PAPER_WEIGHTS) if self.factory == PAPER_FACTORY else f"the weights of {self.factory}"
        return f"the own weights of {self.factory}" if self.weights == OWN else str(self.weights)
