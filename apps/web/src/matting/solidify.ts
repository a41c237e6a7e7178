import { plane, type Plane } from "./planes";

// of somebody really there, some part is beyond doubt; where the room shows through, some part is clear
const SURE = 0.8;
const BARE = 0.3;
// steps of the 3x3 chamfer distance: straight and diagonal
const STRAIGHT = 0.955;
const DIAGONAL = 1.3693;

/**
 * Far from the outline a pixel is person or not: doubts there are cleared. Up to `reach` grid pixels
 * from the outline alpha is kept, from there to twice as far it fades to 0 outside and 1 inside.
 * A part without a sure pixel is no person, a hole without a bare one no hole: there alpha a counts as
 * 1 - a. So an empty room gives an empty matte.
 */
export function solidify(alpha: Plane, reach = 6): Plane {
  const { height, width, data } = alpha;
  const parts = data.map((value) => (value > 0.5 ? 1 : 0));
  const surely = holding(parts, 1, width, (i) => data[i] > SURE);
  const atBorder = (i: number) =>
    i < width || i >= data.length - width || i % width === 0 || i % width === width - 1;
  const person = holding(surely, 0, width, (i) => data[i] < BARE || atBorder(i));
  const outside = distance(person, 1, height, width);
  const inside = distance(person, 0, height, width);
  const out = plane(height, width);
  for (let i = 0; i < data.length; i++) {
    const own = person[i] === parts[i] ? data[i] : 1 - data[i];
    const keep = Math.min(Math.max(2 - Math.max(outside[i], inside[i]) / reach, 0), 1);
    out.data[i] = person[i] + (own - person[i]) * keep;
  }
  return out;
}

/**
 * The map with the connected parts of one value turned over that hold no sure pixel. Ones touch by
 * corners too, zeros by sides only.
 */
function holding(
  map: Float32Array,
  value: number,
  width: number,
  sure: (pixel: number) => boolean,
): Float32Array {
  const held = new Uint8Array(map.length);
  for (let i = 0; i < map.length; i++) if (map[i] === value && sure(i)) held[i] = 1;
  const around = (pixel: number): number[] => {
    const [x, found] = [pixel % width, [] as number[]];
    for (let v = pixel - x - width; v <= pixel - x + width; v += width) {
      if (v < 0 || v >= map.length) continue;
      for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) {
        if (map[v + u] === value && (value === 1 || u === x || v === pixel - x)) found.push(v + u);
      }
    }
    return found;
  };
  // only doubtful pixels are visited, and they are few
  for (let i = 0; i < map.length; i++) {
    if (held[i] || map[i] !== value || !around(i).some((other) => held[other])) continue;
    held[i] = 1;
    for (const reached = [i]; reached.length; ) {
      for (const other of around(reached.pop()!)) {
        if (held[other]) continue;
        held[other] = 1;
        reached.push(other);
      }
    }
  }
  const out = map.slice();
  for (let i = 0; i < map.length; i++) if (map[i] === value && !held[i]) out[i] = 1 - value;
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
