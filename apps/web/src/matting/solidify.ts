import { plane, type Plane } from "./planes";

// of somebody really there, some part is beyond doubt
const SURE = 0.8;
// steps of the 3x3 chamfer distance: straight and diagonal
const STRAIGHT = 0.955;
const DIAGONAL = 1.3693;

/**
 * Far from the outline a pixel is person or not: doubts there are cleared. Up to `reach` grid pixels
 * from the outline alpha is kept, from there to twice as far it fades to 0 outside and 1 inside.
 * Doubt everywhere is no person: an empty room gives an empty matte.
 */
export function solidify(alpha: Plane, reach = 6): Plane {
  const { height, width, data } = alpha;
  if (!data.some((value) => value > SURE)) return plane(height, width);
  const person = data.map((value) => (value > 0.5 ? 1 : 0));
  const outside = distance(person, 1, height, width);
  const inside = distance(person, 0, height, width);
  const out = plane(height, width);
  for (let i = 0; i < data.length; i++) {
    const keep = Math.min(Math.max(2 - Math.max(outside[i], inside[i]) / reach, 0), 1);
    out.data[i] = person[i] + (data[i] - person[i]) * keep;
  }
  return out;
}

/** Chamfer distance of every pixel to the nearest one that has the value `goal`. */
function distance(map: Float32Array, goal: number, height: number, width: number): Float32Array {
  const far = new Float32Array(map.length);
  for (let i = 0; i < map.length; i++) far[i] = map[i] === goal ? 0 : 1e6;
  const pass = (start: number, end: number, step: number) => {
    for (let y = start; y !== end; y += step) {
      const before = y - step >= 0 && y - step < height ? (y - step) * width : -1;
      for (let n = 0; n < width; n++) {
        const x = step > 0 ? n : width - 1 - n;
        const i = y * width + x;
        let best = far[i];
        if (best === 0) continue;
        const back = x - step;
        if (back >= 0 && back < width) best = Math.min(best, far[y * width + back] + STRAIGHT);
        if (before >= 0) {
          best = Math.min(best, far[before + x] + STRAIGHT);
          if (x > 0) best = Math.min(best, far[before + x - 1] + DIAGONAL);
          if (x < width - 1) best = Math.min(best, far[before + x + 1] + DIAGONAL);
        }
        far[i] = best;
      }
    }
  };
  pass(0, height, 1);
  pass(height - 1, -1, -1);
  return far;
}
