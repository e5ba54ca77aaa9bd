"""Preprocessing of pictures for a classifier: resize and crop, channels, mean and deviation.

It is declared with the keys of timm and torchvision. Of these three places, the first that exists counts:
the command line (`--preprocessing size=224 resize=256 mean=0.485,0.456,0.406 std=0.229,0.224,0.225`), a JSON
file with the same keys or with those of timm (the config.json beside a model's weights), or a
`pretrained_cfg` that the model itself carries, as timm's models do.

Size, crop and channels change the images, which stay in [0, 1]; mean and deviation become the first layer of
the classifier. So black is 0 for every method, and maps are of the very pixels that the classifier sees.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.manifest.records import PREPROCESSING_KEYS

INTERPOLATIONS = ("nearest", "bilinear", "bicubic")
CROPS = ("center", "squash")
_RESAMPLING = {0: "nearest", 2: "bilinear", 3: "bicubic"}  # Pillow's numbers
LARGEST_SIDE = 10_000  # pixels; a typing error beyond this would need more memory than there is
_ALLOWED = ", ".join(PREPROCESSING_KEYS)


@dataclass(frozen=True)
class Preprocessing:
    """Preprocessing that a classifier expects; a field that is None or empty changes nothing.

    `size` (height, width) in pixels of what it sees; `resize` the length in pixels of the shorter side before
    the centre of that size is cut out (None: as short as the crop allows); `crop` "center", or "squash" for
    a resize to `size` whatever the proportions; `channels` 1 or more, to which grey pictures are repeated;
    `mean` and `std`, one or one a channel, of pixels in [0, 1]. Raises ValueError.
    """

    size: tuple[int, int] | None = None
    resize: int | None = None
    interpolation: str = "bicubic"
    crop: str = "center"
    channels: int | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for key, allowed in (("interpolation", INTERPOLATIONS), ("crop", CROPS)):
            if getattr(self, key) not in allowed:
                raise _wrong(key, getattr(self, key), ", ".join(allowed))
        if self.size is not None and not 1 <= min(self.size) <= max(self.size) <= LARGEST_SIDE:
            raise _wrong("size", self.size, f"from 1 to {LARGEST_SIDE:,} pixels each way")
        if self.resize is not None and self.resize > LARGEST_SIDE:
            raise _wrong("resize", self.resize, f"to {LARGEST_SIDE:,}")
        if self.resize is not None and (self.size is None or self.resize < max(self.size)):
            least = f"from {max(self.size)}, or the crop has no room" if self.size else "only beside a size"
            raise _wrong("resize", self.resize, least)
        if self.channels is not None and self.channels < 1:
            raise _wrong("channels", self.channels, "from 1")
        if bool(self.mean) != bool(self.std):
            raise ValueError("preprocessing: mean and std belong together; declare both")
        if not all(math.isfinite(value) for value in self.mean):
            raise _wrong("mean", self.mean, "finite numbers")
        if not all(value > 0 and math.isfinite(value) for value in self.std):
            raise _wrong("std", self.std, "numbers above 0")
        lengths = {len(values) for values in (self.mean, self.std) if len(values) > 1}
        if len(lengths | ({self.channels} if self.channels else set())) > 1:
            raise ValueError(
                f"preprocessing: {len(self.mean)} values of mean, {len(self.std)} of std and "
                f"{self.channels or 'no'} channels do not fit; give one value, or one a channel"
            )

    @property
    def wanted_channels(self) -> int | None:
        """The number of channels that the classifier takes, if declared."""
        longest = max(len(self.mean), len(self.std))
        return self.channels or (longest if longest > 1 else None)

    def record(self) -> dict[str, Any]:
        """The manifest's record: plain values, or an empty object if nothing is declared."""
        return {} if self == AS_IT_IS else json.loads(json.dumps(asdict(self)))


AS_IT_IS = Preprocessing()


def parse_preprocessing(words: Iterable[str]) -> Preprocessing:
    """Parse words of the command line: a JSON file, `key=value` pairs, or both. Raises ValueError."""
    values: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            values |= _from_file(Path(word))
        elif key in PREPROCESSING_KEYS:
            values[key] = _from_text(key, text)
        else:
            raise ValueError(f"preprocessing: there is no {key!r}; allowed: {_ALLOWED}")
    return Preprocessing(**values)


def of_config(config: Mapping[str, Any], where: str = "pretrained_cfg") -> Preprocessing:
    """Read timm's keys (input_size, crop_pct, crop_mode, mean, std, interpolation).

    Raises ValueError.
    """
    return Preprocessing(**_from_config(config, where))


def of_processor(config: Mapping[str, Any], where: str = "preprocessor_config.json") -> Preprocessing:
    """Read the keys of Hugging Face's image processors (size, crop_size, do_normalize, ...).

    Raises ValueError.
    """
    return Preprocessing(**_from_processor(config, where))


def shaped(images: Tensor, wanted: Preprocessing) -> Tensor:
    """`images` (N, C, H, W) in [0, 1] at the size and with the channels that are declared, in [0, 1].

    Pictures are made smaller with antialiasing, as Pillow and torchvision do it; the shorter side first, and
    then the centre. Raises ValueError where channels don't fit.
    """
    channels = wanted.wanted_channels
    if channels is not None and images.shape[1] != channels:
        if images.shape[1] != 1:
            raise ValueError(
                f"preprocessing: {channels} channels are declared, but the pictures have {images.shape[1]}"
            )
        images = images.expand(-1, channels, -1, -1)
    if wanted.size is None or (tuple(images.shape[2:]) == wanted.size and wanted.resize is None):
        return images
    resized = _resized(images, _before_the_crop(tuple(images.shape[2:]), wanted), wanted.interpolation)
    top, left = (round((have - want) / 2) for have, want in zip(resized.shape[2:], wanted.size, strict=True))
    height, width = wanted.size
    return resized[:, :, top : top + height, left : left + width].contiguous()


class Around(nn.Module):
    """A classifier in a wrapping, whose layers keep the names that its owner knows."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def get_submodule(self, target: str) -> nn.Module:
        """The layer called `target` here or within. Raises AttributeError."""
        try:
            return super().get_submodule(target)
        except AttributeError:
            return self.model.get_submodule(target)


class Normalised(Around):
    """A classifier behind the mean and standard deviation that it was trained with.

    Images `(N, C, H, W)` in [0, 1] in; what the classifier makes of `(images - mean) / std` out.
    """

    def __init__(self, model: nn.Module, preprocessing: Preprocessing) -> None:
        super().__init__(model)
        self.preprocessing = preprocessing
        mean, std = preprocessing.mean or (0.0,), preprocessing.std or (1.0,)
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    mean: Tensor
    std: Tensor

    def forward(self, images: Tensor) -> Any:
        return self.model((images - self.mean) / self.std)


def _wrong(key: str, value: object, allowed: str) -> ValueError:
    return ValueError(f"preprocessing: {key} is {value!r}; allowed: {allowed}")


def _before_the_crop(have: tuple[int, ...], wanted: Preprocessing) -> tuple[int, int]:
    """Height and width of a picture of `have` when it is resized, before the crop."""
    assert wanted.size is not None
    if wanted.crop == "squash":
        return wanted.size
    if wanted.resize is None:  # as small as covers the crop
        scale = max(Fraction(want, size) for want, size in zip(wanted.size, have, strict=True))
    else:
        scale = Fraction(wanted.resize, min(have))
    return int(have[0] * scale), int(have[1] * scale)


def _resized(images: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    if interpolation == "nearest":
        return F.interpolate(images, size, mode="nearest-exact")
    resized = F.interpolate(images, size, mode=interpolation, antialias=True, align_corners=False)
    return resized.clamp_(0, 1)  # bicubic overshoots at edges


def _from_file(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read ({error.strerror}); --preprocessing takes a JSON file or key=value, "
            f"with the keys {_ALLOWED}"
        ) from None
    except ValueError as error:
        raise ValueError(f"{path}: is not JSON ({error})") from None
    config = config.get("pretrained_cfg", config) if isinstance(config, dict) else config
    if not isinstance(config, dict):
        raise ValueError(f"{path}: holds no JSON object with the keys {_ALLOWED}")
    if "input_size" in config:
        return _from_config(config, str(path))
    if any(key.startswith("do_") for key in config):
        return _from_processor(config, str(path))
    values = {}
    for key, value in config.items():
        if key not in PREPROCESSING_KEYS:
            raise ValueError(f"{path}: there is no {key!r}; allowed: {_ALLOWED}, or timm's keys")
        values[key] = _from_json(str(path), key, value)
    return values


def _from_config(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    values = {key: _from_json(where, key, config[key]) for key in ("mean", "std") if config.get(key)}
    size = config.get("input_size")
    if not isinstance(size, list | tuple) or len(size) != 3 or not all(type(n) is int for n in size):
        raise ValueError(f"{where}: input_size is {size!r}; allowed: [channels, height, width]")
    values |= {"channels": size[0], "size": tuple(size[1:])}
    values["interpolation"] = config.get("interpolation") or "bicubic"
    values["crop"] = config.get("crop_mode") or "center"
    share = config.get("crop_pct") or 1.0
    if values["crop"] == "center" and share < 1:
        values["resize"] = math.floor(max(size[1:]) / share)
    return values


def _from_processor(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    if config.get("do_flip_channel_order"):
        raise ValueError(
            f"{where}: do_flip_channel_order is set, but channels are RGB here; flip them in the model"
        )
    values = _size_of_processor(config, where)
    number = config.get("resample", 2)
    if "size" in values and number not in _RESAMPLING:
        raise ValueError(f"{where}: resample is {number!r}; allowed: {_listed(_RESAMPLING)}")
    values["interpolation"] = _RESAMPLING.get(number, "bilinear")
    factor = float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0
    offset = 1.0 if config.get("rescale_offset") else 0.0
    normalised = config.get("do_normalize", True) and config.get("image_mean") and config.get("image_std")
    mean = _from_json(where, "mean", config["image_mean"]) if normalised else (0.0,)
    std = _from_json(where, "std", config["image_std"]) if normalised else (1.0,)
    scale = 255 * factor  # of pixels in [0, 1]
    if normalised or abs(scale - 1) > 1e-6 or offset:
        values["mean"] = tuple((value + offset) / scale for value in mean)
        values["std"] = tuple(value / scale for value in std)
    return values


def _size_of_processor(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Size, resize and crop of Hugging Face's `size`, `crop_size` and `crop_pct`."""
    resized, cropped = _sides(config.get("size")), _sides(config.get("crop_size"))
    if not config.get("do_resize", True):
        resized = None
    if not config.get("do_center_crop", "crop_size" in config):
        cropped = None
    if resized is None:
        return {"size": cropped} if cropped else {}
    shortest = isinstance(config["size"], int) or "shortest_edge" in config["size"]
    share = config.get("crop_pct")
    if share and shortest and not cropped:  # ConvNeXt's: crops small images, squashes large ones
        if resized[0] >= 384:
            return {"size": resized, "crop": "squash"}
        return {"size": resized, "resize": int(resized[0] / share)}
    if cropped:
        return {"size": cropped, "resize": max(*resized, *cropped)}
    square = not isinstance(config["size"], int) and "shortest_edge" in config["size"]
    return {"size": resized} if square else {"size": resized, "crop": "squash"}


def _sides(size: Any) -> tuple[int, int] | None:
    """Height and width of 224, {"shortest_edge": 224} or {"height": 224, "width": 224}."""
    if isinstance(size, int):
        return size, size
    if not isinstance(size, Mapping):
        return None
    edge = size.get("shortest_edge")
    return (edge, edge) if edge else (int(size["height"]), int(size["width"]))


def _listed(numbers: Mapping[int, str]) -> str:
    return ", ".join(f"{number} ({name})" for number, name in numbers.items())


def _from_json(where: str, key: str, value: Any) -> Any:
    """A JSON value as the field `key` has it. Raises ValueError where it is of another kind."""
    numbers = value if isinstance(value, list | tuple) else [value]
    if key in ("interpolation", "crop"):
        return value
    whole = key in ("size", "resize", "channels")
    if not all(type(number) is int or (not whole and type(number) is float) for number in numbers):
        raise ValueError(f"{where}: {key} is {value!r}; allowed: {'whole numbers' if whole else 'numbers'}")
    if key == "size":
        numbers = numbers * 2 if len(numbers) == 1 else numbers
        if len(numbers) != 2:
            raise ValueError(f"{where}: size is {value!r}; allowed: pixels, or [height, width]")
        return tuple(numbers)
    if whole:
        if len(numbers) != 1:
            raise ValueError(f"{where}: {key} is {value!r}; allowed: one whole number")
        return numbers[0]
    return tuple(float(number) for number in numbers)


def _from_text(key: str, text: str) -> Any:
    """`224`, `224x320`, `0.5,0.4,0.3`, `127/255`, `bicubic` as the field `key` has it."""
    if key in ("interpolation", "crop"):
        return text
    parts = text.split("x" if key == "size" else ",")
    try:
        numbers = [Fraction(part) for part in parts]
    except (ValueError, ZeroDivisionError):
        raise ValueError(
            f"preprocessing: {key}={text}; write numbers, as in size=224, size=224x320 or mean=0.5,127/255"
        ) from None
    plain = [number.numerator if number.denominator == 1 else float(number) for number in numbers]
    return _from_json("preprocessing", key, plain)
