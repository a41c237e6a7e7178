/**
 * Harmonise: the change of the person's colours that a small network proposes. A colour matrix, then
 * a tone curve, then a gain that varies over the picture; the shader applies it at full size.
 *
 * Everything is stored as the distance from "no change", so changes can be scaled and averaged. The
 * same rules as in the Python package.
 */
import type { Size } from "./grid";
import { plane, resizeArea, resizeLinear, type Plane } from "./planes";

const STEPS = 9; // pieces of the tone curve
const CHANNELS = 24; // of a proposal: 9 + 3 of the matrix, 9 of the curve, 3 of the gain

export interface Change {
  /** Three rows of four, added to the identity; the last column is an offset in [0, 1]. */
  matrix: Float32Array;
  /** Logarithms of how steep each ninth of the curve is. */
  curve: Float32Array;
  /** Logarithms of the gains: three for each cell, rows from the top. */
  gain: Float32Array;
  cells: Size;
}

/** A change as the shader wants it. */
export interface Tone {
  /** Column-major 3x3, for colours in [0, 1]. */
  tint: number[];
  lift: number[];
  /** Heights of the curve at its ten corners. */
  curve: Float32Array;
  /** Logarithms of the gains, RGBA. */
  gains: Float32Array;
  cells: Size;
}

/**
 * What the network sees, [H, W, 8]: each layer times its share, and the share. `person`: RGBA bytes,
 * alpha as its share. `behind`: RGBA bytes.
 */
export function toLayers(person: Uint8Array, behind: Uint8Array): Float32Array {
  const out = new Float32Array(2 * person.length);
  for (let i = 0; i < person.length; i += 4) {
    const share = person[i + 3] / 255;
    for (let c = 0; c < 3; c++) {
      out[2 * i + c] = (person[i + c] / 255) * share;
      out[2 * i + 4 + c] = (behind[i + c] / 255) * (1 - share);
    }
    out[2 * i + 3] = share;
    out[2 * i + 7] = 1 - share;
  }
  return out;
}

/** The change that the network's output, [h, w, 24], stands for; cells vote with their share. */
export function readProposals(proposals: Float32Array, cells: Size, alpha: Plane): Change {
  const weight = resizeArea(alpha, cells.height, cells.width).data;
  const votes = new Float64Array(CHANNELS - 3);
  const gain = new Float32Array(3 * weight.length);
  let total = 0;
  for (let i = 0; i < weight.length; i++) {
    const share = weight[i] + 1e-6;
    total += share;
    for (let k = 0; k < votes.length; k++) votes[k] += share * proposals[CHANNELS * i + k];
    for (let c = 0; c < 3; c++) gain[3 * i + c] = proposals[CHANNELS * i + votes.length + c];
  }
  const mean = Float32Array.from(votes, (sum) => sum / total);
  const matrix = new Float32Array(12);
  for (let row = 0; row < 3; row++) {
    matrix.set(mean.subarray(3 * row, 3 * row + 3), 4 * row);
    matrix[4 * row + 3] = mean[9 + row];
  }
  return { matrix, curve: mean.slice(12), gain, cells };
}

/** Averages proposals over the frames of a clip. */
export class SteadyChange {
  private known: Change | null = null;

  reset(): void {
    this.known = null;
  }

  /** `pace`: of the way to the newest proposal. */
  next(proposal: Change, pace: number): Change {
    const { known } = this;
    const same = known && known.gain.length === proposal.gain.length;
    this.known = same ? combined(known, 1 - pace, proposal, pace) : proposal;
    return this.known;
  }
}

/**
 * The change as far as it stands out from the noise of proposals; null where it does not, for then
 * the layers match. `noise`, `clear`: levels from which on it counts, and counts fully.
 */
export function carriedOut(
  change: Change,
  person: Uint8Array,
  grid: Size,
  { noise, clear }: { noise: number; clear: number },
): Tone | null {
  const doubt = (judge(change, person, grid) - noise) / (clear - noise);
  const factor = Math.min(Math.max(doubt, 0), 1);
  return factor > 0 ? toTone(combined(change, factor, change, 0)) : null;
}

/** How far a change would move the person's colours: mean, in levels. */
export function judge(change: Change, person: Uint8Array, grid: Size): number {
  const moved = applied(toTone(change), person, grid);
  let sum = 0;
  let total = 0;
  for (let i = 0; i < person.length / 4; i++) {
    const share = person[4 * i + 3];
    total += share;
    for (let c = 0; c < 3; c++) sum += (share * Math.abs(moved[3 * i + c] - person[4 * i + c])) / 3;
  }
  return total > 0 ? sum / total : 0;
}

/** The changed colours of RGBA bytes: RGB, 0 to 255. The shader does the same. */
export function applied(tone: Tone, person: Uint8Array, grid: Size): Float32Array {
  const { height, width } = grid;
  const gains = [0, 1, 2].map((c) => {
    const cells = plane(tone.cells.height, tone.cells.width);
    cells.data.forEach((_, i) => (cells.data[i] = tone.gains[4 * i + c]));
    return resizeLinear(cells, height, width).data;
  });
  const out = new Float32Array(3 * height * width);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      let value = tone.lift[c];
      for (let k = 0; k < 3; k++) value += (tone.tint[3 * k + c] * person[4 * i + k]) / 255;
      const place = unit(value) * STEPS;
      const corner = Math.min(Math.floor(place), STEPS - 1);
      const rise = tone.curve[corner + 1] - tone.curve[corner];
      const curved = unit(tone.curve[corner] + rise * (place - corner));
      out[3 * i + c] = 255 * unit(curved * Math.exp(gains[c][i]));
    }
  }
  return out;
}

export function toTone({ matrix, curve, gain, cells }: Change): Tone {
  const tint: number[] = [];
  for (let k = 0; k < 3; k++) {
    for (let c = 0; c < 3; c++) tint.push(matrix[4 * c + k] + (c === k ? 1 : 0));
  }
  const heights = new Float32Array(STEPS + 1);
  curve.forEach((steep, i) => (heights[i + 1] = heights[i] + Math.exp(steep) / STEPS));
  const gains = new Float32Array((gain.length / 3) * 4);
  gain.forEach((value, i) => (gains[4 * Math.floor(i / 3) + (i % 3)] = value));
  return { tint, lift: [matrix[3], matrix[7], matrix[11]], curve: heights, gains, cells };
}

function combined(a: Change, ours: number, b: Change, theirs: number): Change {
  const mixed = (x: Float32Array, y: Float32Array) => x.map((v, i) => ours * v + theirs * y[i]);
  return {
    matrix: mixed(a.matrix, b.matrix),
    curve: mixed(a.curve, b.curve),
    gain: mixed(a.gain, b.gain),
    cells: a.cells,
  };
}

const unit = (value: number) => Math.min(Math.max(value, 0), 1);
