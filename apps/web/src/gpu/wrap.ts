/** Light wrap: the background's light, blurred, to spill over the person's edge. */
import { fit, type Size } from "../matting/grid";
import type { Gpu, Texture, Uniform } from "./context";
import * as shaders from "./shaders";

const SIDE = 320; // the light is blurred at this size
const RADIUS_SHARE = 0.03; // of the picture's mean side
const STRENGTH = 0.5;

export function wrappedLight(
  gpu: Gpu,
  alpha: Texture,
  frame: Size,
  scene: Record<string, Uniform>,
): Texture {
  const scale = Math.min(1, SIDE / Math.max(frame.height, frame.width));
  const size = fit(frame, scale);
  const radius = Math.max(1, RADIUS_SHARE * Math.sqrt(frame.height * frame.width));
  const sigma = Math.max(0.3, (radius * scale) / 2);
  const clear = gpu.pass("wrapAlpha", shaders.SHRINK, size, "half1", { source: alpha });
  const light = gpu.pass("light", shaders.LIGHT, size, "half", {
    ...scene,
    alphaMap: clear,
    strength: STRENGTH,
  });
  const across = gpu.pass("lightX", shaders.GAUSS, size, "half", {
    source: light,
    direction: [1, 0],
    sigma,
  });
  return gpu.pass("lightY", shaders.GAUSS, size, "half", {
    source: across,
    direction: [0, 1],
    sigma,
  });
}
