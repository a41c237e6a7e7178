/** Means of colours, alpha and their products over the square around each pixel, row by row. */
import { reflect, type Plane } from "./planes";

/** Where each mean lies in what `at` gives. */
export const OF = { r: 0, g: 1, b: 2, a: 3, rr: 4, gg: 5, bb: 6, rg: 7, rb: 8, gb: 9, ra: 10, ga: 11, ba: 12 };
const COUNT = 13;

/**
 * Running sums over the rows of a square; its columns are added up where they are asked for, which
 * is at the soft edge only. The picture is mirrored at its edges.
 */
export class Moments {
  private sums: Float64Array;
  private result = new Float64Array(COUNT);
  private row = -1;

  constructor(
    private guide: Plane[],
    private alpha: Plane,
    private radius: number,
  ) {
    this.sums = new Float64Array(COUNT * alpha.width);
  }

  nextRow(): void {
    const { radius, alpha } = this;
    this.row++;
    if (this.row === 0) {
      for (let k = -radius; k <= radius; k++) this.add(reflect(k, alpha.height), 1);
      return;
    }
    this.add(reflect(this.row + radius, alpha.height), 1);
    this.add(reflect(this.row - radius - 1, alpha.height), -1);
  }

  /** All means around a column of this row; the array is used again by the next call. */
  at(x: number): Float64Array {
    const { result, sums, radius } = this;
    const { width } = this.alpha;
    result.fill(0);
    for (let k = x - radius; k <= x + radius; k++) {
      const place = COUNT * (k < 0 || k >= width ? reflect(k, width) : k);
      for (let n = 0; n < COUNT; n++) result[n] += sums[place + n];
    }
    const scale = 1 / (2 * radius + 1) ** 2;
    for (let n = 0; n < COUNT; n++) result[n] *= scale;
    return result;
  }

  /** The mean of alpha alone. */
  alphaAt(x: number): number {
    const { sums, radius } = this;
    const { width } = this.alpha;
    let sum = 0;
    for (let k = x - radius; k <= x + radius; k++) {
      sum += sums[COUNT * (k < 0 || k >= width ? reflect(k, width) : k) + OF.a];
    }
    return sum / (2 * radius + 1) ** 2;
  }

  private add(row: number, sign: number): void {
    const { sums } = this;
    const [red, green, blue] = this.guide;
    const { width, data } = this.alpha;
    for (let x = 0; x < width; x++) {
      const i = row * width + x;
      const r = red.data[i];
      const g = green.data[i];
      const b = blue.data[i];
      const a = sign * data[i];
      const at = COUNT * x;
      sums[at] += sign * r;
      sums[at + 1] += sign * g;
      sums[at + 2] += sign * b;
      sums[at + 3] += a;
      sums[at + 4] += sign * r * r;
      sums[at + 5] += sign * g * g;
      sums[at + 6] += sign * b * b;
      sums[at + 7] += sign * r * g;
      sums[at + 8] += sign * r * b;
      sums[at + 9] += sign * g * b;
      sums[at + 10] += a * r;
      sums[at + 11] += a * g;
      sums[at + 12] += a * b;
    }
  }
}
