"""Least squares without negative weights."""

from __future__ import annotations

import numpy as np


def nnls(matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The x >= 0 that minimises |matrix x - target|, float64 `[columns]`.

    The active-set method of Lawson and Hanson 1974, "Solving Least Squares Problems", chapter 23.

    matrix: float `[rows, columns]`. target: float `[rows]`.
    """
    columns = matrix.shape[1]
    x = np.zeros(columns)
    free = np.zeros(columns, bool)
    tolerance = 10 * np.finfo(float).eps * np.linalg.norm(matrix, 1) * max(matrix.shape)
    for _ in range(30 * columns):
        slope = matrix.T @ (target - matrix @ x)
        slope[free] = -np.inf
        if free.all() or slope.max() <= tolerance:
            break
        free[slope.argmax()] = True
        while True:
            best = np.zeros(columns)
            best[free] = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
            blocked = free & (best <= 0)
            if not blocked.any():
                break
            # as far towards the unbounded solution as the first weight to reach zero allows
            steps = x[blocked] / (x[blocked] - best[blocked])
            x = x + steps.min() * (best - x)
            free &= x > tolerance
            x[~free] = 0
        x = best
    return x
