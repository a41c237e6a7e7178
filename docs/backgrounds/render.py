"""Render the example backgrounds: `python docs/backgrounds/render.py`. Our own pictures, MIT."""

from pathlib import Path

import cv2
import numpy as np

HEIGHT, WIDTH = 900, 1200
HERE = Path(__file__).parent


def gradient(stops: list[tuple[float, tuple[int, int, int]]], rows: np.ndarray) -> np.ndarray:
    """RGB float colours interpolated between (position, colour) stops."""
    at, colours = [s[0] for s in stops], np.array([s[1] for s in stops], float)
    return np.stack([np.interp(rows, at, colours[:, c]) for c in range(3)], -1)


def beach(rng: np.random.Generator) -> np.ndarray:
    """A sunset over the sea, wet sand in front."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    sky = gradient([(0, (70, 90, 150)), (0.3, (200, 130, 130)), (0.5, (255, 205, 130))], y)
    distance = np.hypot((x - 0.68) * WIDTH / HEIGHT, y - 0.43)
    sky += np.exp(-distance / 0.14)[..., None] * (120, 90, 40)
    sky[distance < 0.05] = (255, 245, 215)
    clouds = sum(
        cv2.resize(rng.random((2 ** (k + 1), 2**k)), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        / 2**k
        for k in range(1, 6)
    )
    sky += (np.clip(clouds - 0.62, 0, 1) * np.clip(1.6 - 3 * y, 0, 1))[..., None] * (150, 90, 90)
    sea = gradient([(0.5, (190, 140, 115)), (0.62, (95, 95, 120)), (0.8, (50, 75, 100))], y)
    waves = np.sin(9 / np.maximum(y - 0.49, 0.01) + 2 * np.sin(14 * x) + 40 * y)
    glitter = np.exp(-np.abs(x - 0.68) / (0.03 + 0.35 * np.clip(y - 0.5, 0, 1)))
    sea += (14 * waves + 90 * glitter * (waves > 0.3))[..., None] * (1, 0.8, 0.5)
    sand = gradient([(0.78, (120, 100, 90)), (1.0, (190, 160, 125))], y)
    sand += rng.normal(0, 5, (HEIGHT, WIDTH, 1))
    shore = 0.8 + 0.015 * np.sin(9 * x) + 0.01 * np.sin(23 * x + 1)
    scene = np.where((y < 0.5)[..., None], sky, sea)
    blend = np.clip((y - shore) / 0.02, 0, 1)[..., None]
    return scene * (1 - blend) + sand * blend


def lights(rng: np.random.Generator) -> np.ndarray:
    """A street at night, out of focus."""
    y = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j][0]
    scene = gradient([(0, (14, 16, 38)), (0.6, (38, 28, 58)), (1, (24, 18, 30))], y)
    palette = np.array([(255, 190, 110), (255, 120, 90), (120, 200, 255), (255, 235, 200)], float)
    for _ in range(90):
        disc = np.zeros((HEIGHT, WIDTH), np.float32)
        centre = int(rng.uniform(0, WIDTH)), int(HEIGHT * np.clip(rng.normal(0.5, 0.16), 0, 1))
        radius = int(rng.uniform(10, 46))
        cv2.circle(disc, centre, radius, 1.0, -1, cv2.LINE_AA)
        disc -= 0.25 * cv2.GaussianBlur(disc, (0, 0), radius / 3)
        tint = palette[rng.integers(len(palette))] * rng.uniform(0.12, 0.5)
        scene += np.clip(disc, 0, 1)[..., None] * tint
    return scene


def main() -> None:
    for name, render in (("beach", beach), ("lights", lights)):
        scene = np.clip(render(np.random.default_rng(7)), 0, 255).astype(np.uint8)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 88]
        cv2.imwrite(str(HERE / f"{name}.jpg"), scene[..., ::-1], quality)


if __name__ == "__main__":
    main()
