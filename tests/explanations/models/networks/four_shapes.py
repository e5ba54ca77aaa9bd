"""Small networks of the shapes that users have: VGG, ResNet, DenseNet, and Inception with auxiliary outputs.

Each takes colour images of 16 x 16 or more and has three classes; each has what makes its kind hard to
explain: activations in place, reused or functional, sums, concatenations, more than one output.
"""

from collections import namedtuple

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 3


def normalised(into, out, size, **more):
    return nn.Sequential(nn.Conv2d(into, out, size, bias=False, **more), nn.BatchNorm2d(out))


class VGG(nn.Module):
    """Stacks of convolutions with ReLUs in place, pooling, and large linear layers with dropout."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        )  # fmt: skip
        self.avgpool = nn.AdaptiveAvgPool2d(2)
        self.classifier = nn.Sequential(
            nn.Linear(48, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, CLASSES)
        )

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

    @property
    def head(self):
        return self.classifier[-1]


class Block(nn.Module):
    """Two convolutions beside an identity or a projection; one ReLU is used twice, in place."""

    def __init__(self, into, out, stride):
        super().__init__()
        self.conv1, self.conv2 = (
            normalised(into, out, 3, stride=stride, padding=1),
            normalised(out, out, 3, padding=1),
        )
        self.relu = nn.ReLU(inplace=True)
        self.downsample = normalised(into, out, 1, stride=stride) if stride > 1 else None

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.conv2(self.relu(self.conv1(x)))
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(normalised(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.layers = nn.Sequential(Block(8, 8, 1), Block(8, 12, 2))
        self.fc = nn.Linear(12, CLASSES)

    def forward(self, x):
        return self.fc(self.layers(self.stem(x)).mean(dim=(2, 3)))

    @property
    def head(self):
        return self.fc


class DenseNet(nn.Module):
    """Every layer sees all before it, concatenated; the last activation is functional and in place."""

    def __init__(self):
        super().__init__()
        self.conv0 = nn.Conv2d(3, 6, 3, padding=1)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(6 + 4 * i), nn.ReLU(inplace=True), nn.Conv2d(6 + 4 * i, 4, 3, padding=1)
            )
            for i in range(2)
        )
        self.norm = nn.BatchNorm2d(14)
        self.classifier = nn.Linear(14, CLASSES)

    def forward(self, x):
        features = [self.conv0(x)]
        for layer in self.layers:
            features.append(layer(torch.cat(features, 1)))
        out = F.relu(self.norm(torch.cat(features, 1)), inplace=True)
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(out, (1, 1)), 1))

    @property
    def head(self):
        return self.classifier


Outputs = namedtuple("Outputs", ["logits", "aux_logits"])


class Inception(nn.Module):
    """Branches side by side with functional ReLUs and pooling; a second classifier beside the first."""

    def __init__(self):
        super().__init__()
        self.stem = normalised(3, 8, 3, padding=1)
        self.one, self.three = normalised(8, 4, 1), normalised(8, 6, 3, padding=1)
        self.pool = normalised(8, 4, 1)
        self.aux = nn.Linear(8, CLASSES)
        self.fc = nn.Linear(14, CLASSES)

    def forward(self, x):
        x = F.relu(self.stem(x), inplace=True)
        aux = self.aux(x.mean(dim=(2, 3)))
        pooled = self.pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        x = torch.cat([F.relu(branch) for branch in (self.one(x), self.three(x), pooled)], 1)
        return Outputs(self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)), aux)

    @property
    def head(self):
        return self.fc
