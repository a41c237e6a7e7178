"""Metrics of masks, mattes, videos and foreground colours: pure functions of arrays.

The first argument is always the prediction, the second the truth. Wrong shapes, types or ranges
raise `PocketmatteError`.
"""

from pocketmatte.evaluation.metrics.colour import foreground_mad, foreground_mse
from pocketmatte.evaluation.metrics.delta_e import delta_e_2000, foreground_delta_e
from pocketmatte.evaluation.metrics.matting import (
    connectivity_error,
    gradient_error,
    mad,
    mse,
    sad,
    unknown_region,
)
from pocketmatte.evaluation.metrics.segmentation import (
    boundary,
    boundary_f,
    mean_iou,
    person_iou,
    pixel_accuracy,
    to_mask,
)
from pocketmatte.evaluation.metrics.video import DtSsd, Flicker, dtssd, flicker

__all__ = [
    "DtSsd",
    "Flicker",
    "boundary",
    "boundary_f",
    "connectivity_error",
    "delta_e_2000",
    "dtssd",
    "flicker",
    "foreground_delta_e",
    "foreground_mad",
    "foreground_mse",
    "gradient_error",
    "mad",
    "mean_iou",
    "mse",
    "person_iou",
    "pixel_accuracy",
    "sad",
    "to_mask",
    "unknown_region",
]
