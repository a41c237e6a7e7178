import type { Figures } from "../pace";
import { byId, make } from "./dom";

const EVERY = 250; // milliseconds: faster cannot be read
let last = 0;

export function showFigures(figures: Figures, live: boolean): void {
  const now = performance.now();
  if (live && now - last < EVERY) return;
  last = now;
  const lines: [string, string][] = [];
  if (live) lines.push(["frames/s", figures.fps.toFixed(1)]);
  for (const [stage, value] of Object.entries(figures.stages)) {
    lines.push([stage, `${value.toFixed(1)} ms`]);
  }
  lines.push(["picture", `${figures.picture.width}×${figures.picture.height}`]);
  lines.push(["grid", `${figures.grid.width}×${figures.grid.height}`]);
  lines.push(["runs on", figures.device]);
  byId("figures").replaceChildren(
    ...lines.flatMap(([name, value]) => [
      make("dt", { textContent: name }),
      make("dd", { textContent: value }),
    ]),
  );
}
