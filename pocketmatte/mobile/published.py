"""Numbers that the Portrait-Segmentation project of 2019 published (its README, OnePlus 3)."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Portrait-Segmentation 2019, OnePlus 3, TFLite benchmark tool"


@dataclass(frozen=True)
class Published:
    """A row of a published table. Times in ms per run; CPU on one thread."""

    name: str
    cpu_ms: float
    gpu_ms: float
    parameters: int
    size_bytes: int


PARADOX = (
    Published("model-1", 3.404, 16.5, 10, 772),
    Published("model-2", 3.610, 6.5, 27, 1204),
    Published("model-3", 10.145, 4.8, 148, 1320),
    Published("model-4", 7.300, 2.7, 54, 1552),
    Published("model-5", 7.682, 4.0, 45, 1784),
    Published("model-6", 7.649, 3.0, 45, 1996),
    Published("model-7", 9.283, 5.7, 28, 1608),
)

NETWORKS = (
    Published("deconv_fin_munet", 165, 54, 3_624_000, 14_500_000),
    Published("bilinear_fin_munet", 542, 115, 3_620_000, 14_500_000),
    Published("munet_mnv3_wm10", 167, 59.5, 2_552_000, 10_200_000),
    Published("munet_mnv3_wm05", 75, 30, 1_192_000, 4_800_000),
)

COPY_MS = 10.0
"""What the study put the copy of `COPY_BYTES` out of the GPU's memory at."""
COPY_BYTES = (256 * 256 - 256 * 16) * 4

READ_BACK_MS = 3.2
"""Per MB of output, channels filled to fours: the weight that `cost.fit` finds for that phone."""
PADDING_MS = 5.8
"""Per MB of zeros that fill the channels of an input or output to fours, from the same fit."""
