"""What a picture itself tells about how hard it is. Nothing is guessed about the person."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Box = tuple[int, int, int, int]
"""top, left, height, width in pixels"""
FindFace = Callable[[np.ndarray, np.ndarray], Box | None]
"""image (RGB uint8 HWC), person's mask (bool HW) -> the face, or None"""

_SIDE = 512


def picture_facts(
    image: np.ndarray,
    mask: np.ndarray,
    alpha: np.ndarray | None = None,
    find_face: FindFace | None = None,
) -> dict[str, float]:
    """Numbers of one picture; a fact that it does not carry is left out.

    image: RGB uint8 HWC. mask: bool HW, the person by annotators. alpha: the true soft alpha,
    float32 HW, if there is one. find_face: for the skin's tone; None leaves it out.

    light: mean luma of the picture in [0, 1]. clutter: share of edge pixels behind the person.
    size: share of the picture that the person fills. outline: length of the person's outline over
    that of its convex hull; 1 is a smooth blob, fingers and locks make it longer. soft: share of
    soft pixels in the alpha. ita: individual typology angle of the face's skin, in degrees.
    """
    facts = {
        "light": float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).mean() / 255),
        "size": float(mask.mean()),
        "clutter": clutter(image, mask),
        "outline": outline_length(mask),
        "soft": None if alpha is None else float(((alpha > 0.05) & (alpha < 0.95)).mean()),
        "ita": None,
    }
    face = find_face(image, mask) if find_face else None
    if face is not None:
        facts["ita"] = skin_ita(image, mask, face)
    return {key: value for key, value in facts.items() if value is not None}


def clutter(image: np.ndarray, mask: np.ndarray) -> float | None:
    """Share of edge pixels (Canny 1986) among the pixels away from the person.

    Seen at 512 pixels on the long side, so that the camera's resolution does not matter. None when
    less than 2 % of the picture is background.
    """
    scale = _SIDE / max(mask.shape)
    size = [max(1, round(side * scale)) for side in reversed(mask.shape)]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    person = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    behind = cv2.dilate(person, np.ones((15, 15), np.uint8)) == 0
    if behind.mean() < 0.02:
        return None
    edges = cv2.Canny(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), 60, 150)
    return float((edges[behind] > 0).mean())


def outline_length(mask: np.ndarray) -> float | None:
    """Outline of the largest part over the outline of its convex hull, at least 1; None if empty.

    The mask is closed and opened by 3 pixels of 512 first: ragged annotation is no hair.
    """
    scale = _SIDE / max(mask.shape)
    size = [max(1, round(side * scale)) for side in reversed(mask.shape)]
    small = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    for step in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN):
        small = cv2.morphologyEx(small, step, disc)
    parts, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not parts:
        return None
    largest = max(parts, key=cv2.contourArea)
    hull = cv2.arcLength(cv2.convexHull(largest), True)
    return max(1.0, cv2.arcLength(largest, True) / hull) if hull else None


def skin_ita(image: np.ndarray, mask: np.ndarray, face: Box) -> float | None:
    """Individual typology angle of the skin in a face, in degrees; higher is lighter.

    ITA = atan((L* - 50) / b*), Chardon et al. 1991, of the median colour of the middle of the
    face (cheeks and nose) inside the person's mask. Made for skin under a calibrated lamp: here
    the picture's exposure, white balance, make-up and shadows move it by many degrees, so it
    groups pictures by how light the skin looks (fair people in the shade look dark), not people by
    what their skin is. None when the
    place does not look like skin of any tone: too little of it, too grey, or not orange-red.
    """
    top, left, height, width = face
    middle = slice(top + height * 2 // 5, top + height * 3 // 4)
    middle = middle, slice(left + width // 4, left + width * 3 // 4)
    skin = image[middle][mask[middle]]
    if skin.shape[0] < 50:
        return None
    lab = cv2.cvtColor(skin[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    lightness, a, b = np.median(lab, axis=0)
    hue = np.degrees(np.arctan2(b, a))
    if np.hypot(a, b) < 5 or not 10 <= hue <= 95:
        return None
    return float(np.degrees(np.arctan2(lightness - 50, b)))
