/** Colour transfer: give the person the colour mood of the background (Reinhard et al. 2001). */
export interface Affine {
  /** Column-major 3x3, as WebGL wants it. */
  gain: number[];
  /** For colours in [0, 1]. */
  shift: number[];
}

export const UNCHANGED: Affine = { gain: [1, 0, 0, 0, 1, 0, 0, 0, 1], shift: [0, 0, 0] };

/**
 * The affine map of RGB that best gives the person (RGBA bytes, alpha as weight) the mean and spread
 * of the background (RGBA bytes) in CIE Lab. `strength` 0 to 1; `limit` bounds the change of spread.
 */
export function colorTransfer(
  person: Uint8Array,
  background: Uint8Array,
  strength = 0.5,
  limit = 1.5,
): Affine {
  const count = person.length / 4;
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) weights[i] = person[4 * i + 3] / 255;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return UNCHANGED;
  const lab = toLab(person);
  const own = statistics(lab, weights);
  const goal = statistics(toLab(background), null);
  const gain = [0, 1, 2].map((c) =>
    Math.min(Math.max(goal.spread[c] / Math.max(own.spread[c], 1e-3), 1 / limit), limit),
  );
  const system = normalEquations();
  for (let i = 0; i < count; i++) {
    if (weights[i] === 0) continue;
    const source = [person[4 * i] / 255, person[4 * i + 1] / 255, person[4 * i + 2] / 255];
    const moved = [0, 1, 2].map((c) => {
      const value = lab[3 * i + c];
      return value + strength * ((value - own.mean[c]) * gain[c] + goal.mean[c] - value);
    });
    const rgb = toRgb(moved).map((value) => Math.min(Math.max(value, 0), 1));
    system.add(source, rgb, weights[i]);
  }
  return system.solve(total);
}

/** RGBA bytes with their colours changed, alpha kept. */
export function changed(rgba: Uint8Array, { gain, shift }: Affine): Uint8Array {
  const out = rgba.slice();
  for (let i = 0; i < rgba.length; i += 4) {
    for (let c = 0; c < 3; c++) {
      let value = 255 * shift[c];
      for (let k = 0; k < 3; k++) value += gain[3 * k + c] * rgba[i + k];
      out[i + c] = Math.round(Math.min(Math.max(value, 0), 255));
    }
  }
  return out;
}

function statistics(lab: Float64Array, weights: Float64Array | null) {
  const mean = [0, 0, 0];
  const square = [0, 0, 0];
  let total = 0;
  for (let i = 0; i < lab.length / 3; i++) {
    const weight = weights ? weights[i] : 1;
    total += weight;
    for (let c = 0; c < 3; c++) {
      mean[c] += weight * lab[3 * i + c];
      square[c] += weight * lab[3 * i + c] ** 2;
    }
  }
  for (let c = 0; c < 3; c++) mean[c] /= total;
  const spread = square.map((sum, c) => Math.sqrt(Math.max(0, sum / total - mean[c] ** 2)));
  return { mean, spread };
}

/** Least squares for the change (target - source), with a small ridge, so few colours do no harm. */
function normalEquations() {
  const matrix = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  const right = Array.from({ length: 4 }, () => [0, 0, 0]);
  return {
    add(source: number[], target: number[], weight: number) {
      const point = [...source, 1];
      for (let a = 0; a < 4; a++) {
        for (let b = 0; b < 4; b++) matrix[a][b] += weight * point[a] * point[b];
        for (let c = 0; c < 3; c++) right[a][c] += weight * point[a] * (target[c] - source[c]);
      }
    },
    solve(total: number): Affine {
      for (let a = 0; a < 4; a++) matrix[a][a] += 1e-4 * total;
      const change = solve(matrix, right);
      const gain: number[] = [];
      for (let a = 0; a < 3; a++) {
        for (let c = 0; c < 3; c++) gain.push(change[a][c] + (a === c ? 1 : 0));
      }
      return { gain, shift: change[3] };
    },
  };
}

/** Gaussian elimination of a small symmetric positive system with several right sides. */
function solve(matrix: number[][], right: number[][]): number[][] {
  const rows = matrix.map((row, i) => [...row, ...right[i]]);
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j < rows[i].length; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return rows.map((row, i) => row.slice(size).map((value) => value / row[i]));
}

// sRGB and CIE Lab, white point D65
const TO_XYZ = [0.412453, 0.35758, 0.180423, 0.212671, 0.71516, 0.072169, 0.019334, 0.119193, 0.950227];
const TO_RGB = [3.240479, -1.53715, -0.498535, -0.969256, 1.875991, 0.041556, 0.055648, -0.204043, 1.057311];
const WHITE = [0.950456, 1, 1.088754];
const LINEAR = Float64Array.from({ length: 256 }, (_, level) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

function toLab(rgba: Uint8Array): Float64Array {
  const out = new Float64Array((rgba.length / 4) * 3);
  for (let i = 0; i < rgba.length / 4; i++) {
    const [r, g, b] = [LINEAR[rgba[4 * i]], LINEAR[rgba[4 * i + 1]], LINEAR[rgba[4 * i + 2]]];
    const [x, y, z] = [0, 1, 2].map((k) => {
      const value = (TO_XYZ[3 * k] * r + TO_XYZ[3 * k + 1] * g + TO_XYZ[3 * k + 2] * b) / WHITE[k];
      return value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116;
    });
    out[3 * i] = 116 * y - 16;
    out[3 * i + 1] = 500 * (x - y);
    out[3 * i + 2] = 200 * (y - z);
  }
  return out;
}

function toRgb([light, a, b]: number[]): number[] {
  const y = (light + 16) / 116;
  const xyz = [y + a / 500, y, y - b / 200].map((value, k) => {
    const cube = value ** 3;
    return WHITE[k] * (cube > 0.008856 ? cube : (value - 16 / 116) / 7.787);
  });
  return [0, 1, 2].map((k) => {
    const value = TO_RGB[3 * k] * xyz[0] + TO_RGB[3 * k + 1] * xyz[1] + TO_RGB[3 * k + 2] * xyz[2];
    return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
  });
}
