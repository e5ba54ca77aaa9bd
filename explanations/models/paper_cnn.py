"""The network of the paper, arXiv:1909.04200, section 4.2, and its training."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TRAINING_THREADS = 2  # rounding depends on the number of threads
TRAINING_BATCH = 128
PEAK_LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2
LARGEST_SHIFT = 2  # pixels, the only augmentation


class PaperCNN(nn.Sequential):
    """The network of section 4.2 of arXiv:1909.04200: two blocks of convolution and max-pooling, then fully
    connected layers of 128, 128 and 10 units with dropout. 28 x 28 grey images to logits `(N, 10)`.

    The paper states neither the kernels, nor the channels, nor the share of dropout; 5 x 5, 16 and 32
    channels, and 0.5 are ours. ReLU follows the pooling, which gives the same values as the other order at a
    quarter of the cost.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, kernel_size=5),  # (N, 16, 24, 24)
            nn.MaxPool2d(2),  # (N, 16, 12, 12)
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=5),  # (N, 32, 8, 8)
            nn.MaxPool2d(2),  # (N, 32, 4, 4)
            nn.ReLU(),
            nn.Flatten(),  # (N, 512)
            nn.Linear(512, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 10),
        )


def train(
    images: Tensor, labels: Tensor, seed: int, epochs: int, on_step: Callable[[int, int], None] | None = None
) -> PaperCNN:
    """A PaperCNN trained on `images` (N, 1, 28, 28) and `labels` (N,), in evaluation mode.

    AdamW with one learning-rate cycle over a fixed number of epochs, on images that are shifted by up to 2
    pixels at random; no other images are used. The same seed gives the same weights on one type of machine.
    `on_step(done, total)` is called after every batch. Raises ValueError if `epochs` is below 1.
    """
    if epochs < 1:
        raise ValueError(f"--epochs must be at least 1 (got {epochs})")
    with _deterministic(TRAINING_THREADS), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = PaperCNN().train()
        batches = -(-len(images) // TRAINING_BATCH)
        optimiser = torch.optim.AdamW(model.parameters(), weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, PEAK_LEARNING_RATE, total_steps=epochs * batches
        )
        for epoch in range(epochs):
            for i, batch in enumerate(torch.split(torch.randperm(len(images)), TRAINING_BATCH)):
                optimiser.zero_grad()
                loss = F.cross_entropy(model(shift(images[batch])), labels[batch])
                torch.autograd.backward(loss)
                optimiser.step()
                schedule.step()
                if on_step:
                    on_step(epoch * batches + i + 1, epochs * batches)
    return model.eval()


def shift(images: Tensor) -> Tensor:
    """Shift each of `images` (N, C, H, W) by up to LARGEST_SHIFT pixels each way, filled with black."""
    count, _, height, width = images.shape
    padded = F.pad(images, [LARGEST_SHIFT] * 4)
    offsets = torch.randint(0, 2 * LARGEST_SHIFT + 1, (2, count, 1))
    rows = offsets[0] + torch.arange(height)  # (N, H)
    columns = offsets[1] + torch.arange(width)  # (N, W)
    picked = padded[torch.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return picked.permute(0, 3, 1, 2).contiguous()  # (N, H, W, C) to (N, C, H, W)


@contextmanager
def _deterministic(threads: int) -> Iterator[None]:
    """Inside, algorithms are deterministic and the number of threads is fixed; then settings are restored."""
    before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.set_num_threads(before[1])
