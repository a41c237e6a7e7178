/**
 * A steady matte: a motion-adaptive recursive filter on alpha, with no frame of delay. Where the
 * picture stands still, alpha is averaged with its own past; where it moves, the network's word is
 * taken as it is (Dubois and Sabri 1984). The Python package's filter without optical flow.
 */
import { boxMean, dilate, plane, type Plane } from "./planes";

const TOLERANCE = 8; // change beyond noise at which the past counts 1/e, in levels
const NOISE_REACH = 1.3;
const NOISE_LIMIT = 4;
const CUT = 28; // mean change of the whole picture that no camera move makes, in levels

export interface Steadied {
  alpha: Plane;
  /** Share of the past for each pixel; null at the start of a scene. */
  still: Plane | null;
}

export class TemporalFilter {
  private alpha: Plane | null = null;
  private scene: Plane[] = [];

  reset(): void {
    this.alpha = null;
  }

  /** `image`: RGBA bytes of alpha's size. `strength`: 0 (off) to below 1. */
  next(alpha: Plane, image: Uint8Array, strength: number): Steadied {
    if (strength === 0) {
      this.reset();
      return { alpha, still: null };
    }
    const scene = smoothed(image, alpha.height, alpha.width);
    const past = this.alpha;
    if (!past || past.height !== alpha.height || past.width !== alpha.width) {
      return this.start(alpha, scene);
    }
    const change = largestChange(scene, this.scene);
    if (mean(change.data) > CUT) return this.start(alpha, scene);
    const still = keepShare(change, strength);
    const steady = plane(alpha.height, alpha.width);
    for (let i = 0; i < steady.data.length; i++) {
      const keep = still.data[i];
      steady.data[i] = alpha.data[i] + keep * (past.data[i] - alpha.data[i]);
      for (let c = 0; c < 3; c++) {
        const now = scene[c].data[i];
        this.scene[c].data[i] = now + keep * (this.scene[c].data[i] - now);
      }
    }
    this.alpha = steady;
    return { alpha: steady, still };
  }

  private start(alpha: Plane, scene: Plane[]): Steadied {
    this.alpha = alpha;
    this.scene = scene;
    return { alpha, still: null };
  }
}

function smoothed(image: Uint8Array, height: number, width: number): Plane[] {
  return [0, 1, 2].map((channel) => {
    const source = plane(height, width);
    for (let i = 0; i < source.data.length; i++) source.data[i] = image[4 * i + channel];
    const out = boxMean(source, 1);
    for (let i = 0; i < out.data.length; i++) out.data[i] = Math.round(out.data[i]);
    return out;
  });
}

function largestChange(now: Plane[], before: Plane[]): Plane {
  const out = plane(now[0].height, now[0].width);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = Math.max(
      Math.abs(now[0].data[i] - before[0].data[i]),
      Math.abs(now[1].data[i] - before[1].data[i]),
      Math.abs(now[2].data[i] - before[2].data[i]),
    );
  }
  return out;
}

/** The share of the past for each pixel, from how much the picture changed there. */
function keepShare(change: Plane, strength: number): Plane {
  // the blur keeps noise out, the dilation lets the edge of what moves belong to it
  const near = dilate(boxMean(change, 1), 1);
  // median: most of the picture stands still; the limit is for pictures that do not
  const noise = Math.min(median(near), NOISE_LIMIT);
  const keep = plane(change.height, change.width);
  for (let i = 0; i < keep.data.length; i++) {
    const moved = Math.max(near.data[i] - NOISE_REACH * noise, 0);
    keep.data[i] = strength * Math.exp(-(moved * moved) / TOLERANCE ** 2);
  }
  return keep;
}

function median(source: Plane): number {
  const values: number[] = [];
  for (let y = 0; y < source.height; y += 3) {
    for (let x = 0; x < source.width; x += 3) values.push(source.data[y * source.width + x]);
  }
  const sorted = Float32Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
