"""Validation during training: whole pictures on the grid that inference would choose."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from pocketmatte.data.layout import DataFolder
from pocketmatte.matting.preprocess import grid_size, shrink, to_batch
from pocketmatte.models import Model
from pocketmatte.training.inputs import layout
from pocketmatte.training.losses import MattingLoss, soft_iou
from pocketmatte.training.recipe import Recipe


@dataclass
class ValidationPicture:
    """A picture on its grid, its alpha there, and its mask at native size."""

    src: Tensor
    pha: Tensor
    mask: Tensor


def load_validation(data: DataFolder, recipe: Recipe, stride: int) -> list[ValidationPicture]:
    """Read and shrink the validation split, at the recipe's final resolution."""
    area = recipe.resolution[-1][1] ** 2
    mean, std = (np.array(v, np.float32) for v in (recipe.mean, recipe.std))
    pictures = []
    for sample in data.split(recipe.val_split)[: recipe.limit]:
        image, mask, alpha = sample.read_image(), sample.read_mask(), sample.read_alpha()
        mask = alpha > 0.5 if mask is None else mask
        alpha = mask.astype(np.float32) if alpha is None else alpha
        size = grid_size(*mask.shape, area, stride)
        small = cv2.resize(alpha, size[::-1], interpolation=cv2.INTER_AREA)
        pictures.append(
            ValidationPicture(
                torch.from_numpy(to_batch(shrink(image, size), mean, std)),
                torch.from_numpy(small)[None, None],
                torch.from_numpy(mask)[None, None],
            )
        )
    return pictures


@torch.no_grad()
def validate(
    network: Model, pictures: list[ValidationPicture], loss: MattingLoss, device: torch.device
) -> dict[str, float]:
    """Mean loss and MAD on the grid; IoU and pixel accuracy at native size."""
    rows = []
    for picture in pictures:
        src = picture.src.to(device, memory_format=layout(device))
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cpu"):
            logits = network(src)
        logits = logits.float().cpu()
        native = torch.nn.functional.interpolate(
            logits.sigmoid(), size=picture.mask.shape[2:], mode="bilinear", align_corners=False
        )
        rows.append(
            {
                "val_loss": float(loss(logits, picture.pha)[0]),
                "val_mad": float((logits.sigmoid() - picture.pha).abs().mean()),
                "val_iou": soft_iou(native, picture.mask.float()),
                "val_accuracy": float(((native > 0.5) == picture.mask).float().mean()),
            }
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
