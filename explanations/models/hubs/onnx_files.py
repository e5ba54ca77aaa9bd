"""Networks in ONNX files, run by ONNX Runtime: outputs only, for methods that need no gradients."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.datasets.preprocessing import Preprocessing
from explanations.models import weights as stored
from explanations.models.callables import CallableModel
from explanations.models.factories import attempt, import_library
from explanations.models.hubs.network import Network

_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}
_MOST_CHANNELS = 4  # of images whose channels come last


def open_file(
    factory: str, path: Path, rebuild: Callable[..., nn.Module], arguments: tuple[Any, ...]
) -> Network:
    """The network in `path`, which must have one input of images. Raises ValueError."""
    sha256 = stored.sha256(path)
    runtime = import_library(factory, "onnxruntime", "onnxruntime")
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = 1  # several blocks of images run at once, and rounding must not vary
    session = attempt(
        factory,
        lambda: runtime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"]),
    )
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _TYPES:
        listed = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        raise ValueError(f"{factory}: takes {listed}; it must take one input, images (N, C, H, W) of floats")
    session_model = _Session(session)
    return Network(
        CallableModel(session_model, rebuild, arguments), sha256, path.stem, (), session_model.preprocessing
    )


class _Session:
    """A session as a function from images (N, C, H, W) to its outputs, by name where it has several."""

    def __init__(self, session: Any) -> None:
        [source] = session.get_inputs()
        self.session, self.name, self.type = session, source.name, _TYPES[source.type]
        sides = [side if isinstance(side, int) else None for side in source.shape[1:]]
        self.channels_last = (sides[2] or 99) <= _MOST_CHANNELS < (sides[0] or 99)
        channels, height, width = [sides[2], *sides[:2]] if self.channels_last else sides
        size = (height, width) if height and width else None
        self.preprocessing = Preprocessing(size=size, channels=channels) if size or channels else None
        self.names = [output.name for output in session.get_outputs()]

    def __call__(self, images: Tensor) -> NDArray[Any] | dict[str, NDArray[Any]]:
        array = images.detach().numpy().astype(self.type)
        array = np.moveaxis(array, 1, 3) if self.channels_last else array
        values = self.session.run(None, {self.name: np.ascontiguousarray(array)})
        results = dict(zip(self.names, values, strict=True))
        return results[self.names[0]] if len(results) == 1 else results
