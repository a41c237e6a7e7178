"""Synthetic scenes in the situations where small networks fail, with the alpha known."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from pocketmatte.data import scene_effects as effects
from pocketmatte.data.material import Material, cut_sides
from pocketmatte.data.synthesize import bleed_foreground, paste, random_background
from pocketmatte.data.transforms import Generator, random_tone, warp

LIGHTS = {
    "side_light": effects.side_light,
    "back_light": effects.back_light,
    "screen_light": effects.screen_light,
    "dark_room": effects.dark_room,
}
HELD = ("background", "person")


@dataclass
class Scene:
    """image: RGB uint8 HWC. alpha: float32 HW in [0, 1]. parts: what it shows, in words."""

    image: np.ndarray
    alpha: np.ndarray
    parts: list[str] = field(default_factory=list)


def make_scene(
    rng: Generator, material: Material, out: tuple[int, int], held: str = "background"
) -> Scene:
    """Draw a scene: background, clutter and chairs, one to four people, things held, light, camera.

    Args:
        rng: the same state gives the same scene.
        material: people, objects, backgrounds.
        out: (height, width).
        held: whether things in hands count as "person" or "background". The portrait benchmarks
            count them as background, so that is the default.
    """
    parts: list[str] = []
    scene = random_background(rng, material.backgrounds, out)
    if len(material.objects) and rng.random() < 0.35:
        scene = _clutter(rng, scene, material.objects)
        parts.append("clutter")
    if rng.random() < 0.25:
        scene = _chair(rng, scene)
        parts.append("chair")
    count = int(rng.choice(5, p=(0.06, 0.6, 0.2, 0.09, 0.05)))
    parts.append(f"{count} people")
    # people in a layer of their own: light and motion treat them apart from the room
    person = scene.copy()
    alpha = np.zeros(out, np.uint8)
    for number in range(count):
        front = number == count - 1
        layer = _placed(rng, material.people, out, front, count)
        person, alpha = paste(person, alpha, layer)
        if front and len(material.objects) and rng.random() < 0.25:
            thing = _held(rng, material.objects, layer[..., 3])
            before, (person, alpha) = alpha, paste(person, alpha, thing)
            if held == "background":
                cover = thing[..., 3].astype(np.float32) / 255
                alpha = np.round(before * (1 - cover)).astype(np.uint8)
                scene, _ = paste(scene, before, thing)
            parts.append("held object")
    return _photographed(rng, person, scene, alpha, parts)


def _photographed(rng: Generator, person, scene, alpha, parts: list[str]) -> Scene:
    person, scene = (layer.astype(np.float32) / 255 for layer in (person, scene))
    soft = alpha.astype(np.float32) / 255
    if rng.random() < 0.4:
        name = str(rng.choice(list(LIGHTS)))
        person, scene = LIGHTS[name](rng, person, scene, soft)
        parts.append(name)
    image, soft = _moved(rng, person, scene, soft, parts)
    image = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.45:
        image = effects.webcam(rng, image)
        parts.append("webcam")
    return Scene(image, np.clip(soft, 0, 1), parts)


def _moved(rng: Generator, person, scene, soft, parts: list[str]):
    """Composite; sometimes the people or the whole camera move while the shutter is open."""
    kind = rng.random()
    length = rng.uniform(0.008, 0.035) * max(soft.shape)
    kernel = effects.motion_kernel(rng, max(2.0, length))
    # the person layer holds the scene outside the people, so it is cut out before it is blurred
    cut = person * soft[..., None]
    if kind < 0.12:
        parts.append("person moves")
        cut, soft = (
            cv2.filter2D(a, -1, kernel, borderType=cv2.BORDER_REPLICATE) for a in (cut, soft)
        )
    image = cut + scene * (1 - soft[..., None])
    if 0.12 <= kind < 0.18:
        parts.append("camera moves")
        image, soft = (
            cv2.filter2D(a, -1, kernel, borderType=cv2.BORDER_REPLICATE) for a in (image, soft)
        )
    return image, soft


def _placed(rng: Generator, people, out: tuple[int, int], front: bool, count: int) -> np.ndarray:
    """One person on an empty layer (RGBA uint8), standing on the bottom edge."""
    for _ in range(6):
        rgba = people[int(rng.integers(len(people)))]
        wide = rgba.shape[1] * out[0] / rgba.shape[0] > 1.6 * out[1]
        # people behind are seen whole; nobody should fill the frame because his photo was wide
        if not any(cut_sides(rgba)) or (front and not wide):
            break
    if rng.random() < 0.5:
        rgba = np.ascontiguousarray(rgba[:, ::-1])
    (tall, wide), (height, width) = rgba.shape[:2], out
    # people in front fill the picture as selfies do; those behind are smaller, to either side
    size = rng.uniform(0.6, 1.25) if front else rng.uniform(0.3, 0.75)
    scale = min(size * height / tall, 1.6 * width / wide)
    middle = rng.normal(0.5, 0.12 if count < 2 else 0.2) if front else rng.uniform(0, 1)
    x = middle * width
    left, top, right = cut_sides(rgba)
    angle = rng.normal(0, 0.02 if left or right else 0.06)
    # sides that the photo's frame has cut lie on this frame too, or they would look pasted
    if top:
        scale = max(scale, 1.04 * height / tall)
    if left and right:
        scale, x = max(scale, 1.08 * width / wide), width / 2
    elif left or right:
        half = scale * wide / 2 - 0.02 * width - abs(np.sin(angle)) * scale * tall
        x = half if left else width - half
    foot = height + abs(np.sin(angle)) * scale * wide / 2
    view = _similarity(rgba, scale, angle, (x, foot))
    layer = bleed_foreground(warp(rgba, view, out, cv2.BORDER_CONSTANT))
    return np.dstack([random_tone(rng, layer[..., :3], 0.7), layer[..., 3]])


def _held(rng: Generator, objects, body: np.ndarray) -> np.ndarray:
    """A thing before the person's chest or belly, where hands are (RGBA uint8 layer)."""
    height, width = body.shape
    chin = effects.shoulders(body.astype(np.float32) / 255)
    rows = np.flatnonzero((body > 127).any(1))
    bottom = rows[-1] if len(rows) else height - 1
    # without shoulders it is a face that fills the frame: hands come in from below
    y = bottom if chin is None else rng.uniform(0.4 * chin + 0.6 * bottom, bottom)
    columns = np.flatnonzero(body[min(int(y), height - 1)] > 127)
    left, right = (columns[0], columns[-1]) if len(columns) else (0, width - 1)
    x = rng.uniform(left, right)
    rgba = objects[int(rng.integers(len(objects)))]
    scale = rng.uniform(0.15, 0.4) * min(height, width) / max(rgba.shape[:2])
    goal = (x, y + scale * rgba.shape[0] / 2)
    view = _similarity(rgba, scale, rng.normal(0, 0.3), goal)
    layer = bleed_foreground(warp(rgba, view, body.shape, cv2.BORDER_CONSTANT))
    return np.dstack([random_tone(rng, layer[..., :3]), layer[..., 3]])


def _clutter(rng: Generator, scene: np.ndarray, objects) -> np.ndarray:
    """Toys, plants and furniture in the room, sharp, at any height."""
    out = scene.shape[:2]
    for _ in range(int(rng.integers(1, 5))):
        rgba = objects[int(rng.integers(len(objects)))]
        scale = rng.uniform(0.2, 0.7) * out[0] / max(rgba.shape[:2])
        goal = rng.uniform(0, 1, 2) * (out[1], out[0]) + (0, 0.2 * out[0])
        view = _similarity(rgba, scale, rng.normal(0, 0.1), goal)
        layer = bleed_foreground(warp(rgba, view, out, cv2.BORDER_CONSTANT))
        layer = np.dstack([random_tone(rng, layer[..., :3]), layer[..., 3]])
        scene, _ = paste(scene, np.zeros(out, np.uint8), layer)
    return scene


def _chair(rng: Generator, scene: np.ndarray) -> np.ndarray:
    """The back of a desk chair, which networks like to take for shoulders."""
    height, width = scene.shape[:2]
    wide, tall = rng.uniform(0.3, 0.6) * width, rng.uniform(0.35, 0.7) * height
    left = rng.normal(0.5, 0.15) * width - wide / 2
    top, corner = height - tall, 0.25 * wide
    layer = np.zeros((height, width), np.uint8)
    box = [int(v) for v in (left, top, left + wide, height + tall)]
    _rounded(layer, box, int(corner))
    if rng.random() < 0.4:  # a frame with a gap or slats instead of a full back
        inner = [box[0] + int(0.12 * wide), box[1] + int(0.12 * wide)]
        inner += [box[2] - int(0.12 * wide), height + 2]
        hole = np.zeros_like(layer)
        _rounded(hole, inner, int(0.6 * corner))
        if rng.random() < 0.6:
            hole[:, :: max(4, int(0.08 * wide))] = 0
        layer[hole > 0] = 0
    layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.6, 1.6))
    colour = rng.uniform(10, 90, 3) if rng.random() < 0.7 else rng.uniform(60, 230, 3)
    shade = np.linspace(rng.uniform(0.7, 1.3), rng.uniform(0.7, 1.3), width)[None, :, None]
    grain = rng.normal(1, 0.04, (height, width, 1))
    chair = np.clip(colour * shade * grain, 0, 255).astype(np.uint8)
    return paste(scene, np.zeros_like(layer), np.dstack([chair, layer]))[0]


def _rounded(mask: np.ndarray, box: list[int], radius: int) -> None:
    left, top, right, bottom = box
    radius = max(0, min(radius, (right - left) // 2, (bottom - top) // 2))
    cv2.rectangle(mask, (left + radius, top), (right - radius, bottom), 255, -1)
    cv2.rectangle(mask, (left, top + radius), (right, bottom - radius), 255, -1)
    for x in (left + radius, right - radius):
        for y in (top + radius, bottom - radius):
            cv2.circle(mask, (x, y), radius, 255, -1)


def _similarity(
    rgba: np.ndarray, scale: float, angle: float, foot: tuple[float, float]
) -> np.ndarray:
    """Affine map that puts the middle of the picture's bottom edge at `foot` (x, y)."""
    cos, sin = np.cos(angle), np.sin(angle)
    linear = scale * np.array([[cos, -sin], [sin, cos]])
    anchor = np.array([(rgba.shape[1] - 1) / 2, rgba.shape[0] - 1])
    return np.column_stack([linear, np.asarray(foot, float) - linear @ anchor])
