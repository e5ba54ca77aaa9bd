"""ResNet50 (He et al. 2016, arXiv:1512.03385) with random weights, to measure with."""

from torch import nn

STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))  # width, blocks, stride of the first block
EXPANSION = 4


def convolution(inputs, outputs, size, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Bottleneck(nn.Module):
    """Three convolutions beside a shortcut, the stride in the second, as in torchvision."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        outputs = width * EXPANSION
        self.narrow = convolution(inputs, width, 1)
        self.middle = convolution(width, width, 3, stride)
        self.wide = convolution(width, outputs, 1)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, images):
        inner = self.relu(self.middle(self.relu(self.narrow(images))))
        return self.relu(self.wide(inner) + self.shortcut(images))


class ResNet50(nn.Module):
    """Images (N, 3, H, W) to logits (N, classes)."""

    def __init__(self, classes=1000):
        super().__init__()
        layers = [convolution(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
        inputs = 64
        for width, blocks, stride in STAGES:
            for k in range(blocks):
                layers.append(Bottleneck(inputs, width, stride if k == 0 else 1))
                inputs = width * EXPANSION
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(inputs, classes)

    def forward(self, images):
        return self.classify(self.pool(self.features(images)).flatten(1))
