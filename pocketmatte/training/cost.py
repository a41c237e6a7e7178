"""What a training cost: pictures seen, hours, machine."""

from __future__ import annotations

import torch

from pocketmatte.evaluation.speed.machine import describe_machine


def training_cost(rows: list[dict], device: str, processes: int, before: list) -> dict:
    """The cost of all epochs in `rows`, for checkpoint and card.

    Args:
        rows: the history; each epoch has `pictures` and `seconds` (validation included).
        before: the costs of the checkpoints that the training started from.
    """
    machine = describe_machine()
    known = {key: machine[key] for key in ("cpu", "cores_allowed") if key in machine}
    if device.startswith("cuda"):
        known["gpu"] = torch.cuda.get_device_name(device)
    cost = {
        "pictures": sum(row.get("pictures", 0) for row in rows),
        "hours": round(sum(row.get("seconds", 0.0) for row in rows) / 3600, 5),
        "device": device,
        "processes": processes,
        "machine": known,
    }
    return {**cost, "before": before} if before else cost
