/** The room without its person, blurred by a disc, as a lens does it; no halo of the person. */
import { fit, type Size } from "../matting/grid";
import type { Gpu, Texture, Uniform } from "./context";
import * as shaders from "./shaders";

const WORK_RADIUS = 5; // pixels; a larger disc is made on a smaller picture

/** `share`: radius of the disc as a share of the picture's mean side. */
export function blurredRoom(
  gpu: Gpu,
  inputs: Record<string, Uniform>,
  frame: Size,
  share: number,
): Texture {
  const radius = Math.max(1, share * Math.sqrt(frame.height * frame.width));
  const scale = Math.min(1, WORK_RADIUS / radius);
  const size = fit(frame, scale);
  const small = gpu.pass("blurFrame", shaders.SHRINK_FRAME, size, "bytes", inputs);
  const alpha = gpu.pass("blurAlpha", shaders.SHRINK, size, "half1", {
    source: inputs.alphaMap,
  });
  const levels = [gpu.pass("room0", shaders.ROOM, size, "half", { small, alphaMap: alpha })];
  while (Math.max(levels.at(-1)!.height, levels.at(-1)!.width) > 1) {
    const { height, width } = levels.at(-1)!;
    const half = { height: (height + 1) >> 1, width: (width + 1) >> 1 };
    const source = levels.at(-1)!;
    levels.push(gpu.pass(`room${levels.length}`, shaders.SHRINK, half, "half", { source }));
  }
  let filled: Texture | null = null;
  for (let k = levels.length - 1; k >= 0; k--) {
    filled = gpu.pass(`filled${k}`, shaders.FILL, levels[k], "half", {
      source: levels[k],
      around: filled ?? levels[k],
      deepest: filled === null,
    });
  }
  return gpu.pass("disc", shaders.DISC, size, "bytes", {
    source: filled!,
    radius: radius * scale,
  });
}
