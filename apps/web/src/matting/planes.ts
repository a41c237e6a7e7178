/** Small float pictures, one channel each, and the few operations that the matte needs. */
export interface Plane {
  data: Float32Array;
  height: number;
  width: number;
}

export function plane(height: number, width: number, data?: Float32Array): Plane {
  return { data: data ?? new Float32Array(height * width), height, width };
}

/** A new plane from one or two others, pixel by pixel. */
export function map(a: Plane, f: (a: number) => number): Plane {
  const out = plane(a.height, a.width);
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(a.data[i]);
  return out;
}

/** OpenCV's BORDER_REFLECT_101: the edge pixel is not repeated. */
export function reflect(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const place = ((index % period) + period) % period;
  return place < size ? place : period - place;
}

/** The mean of the (2 radius + 1) square around each pixel, by running sums. */
export function boxMean(source: Plane, radius: number): Plane {
  const { data, height, width } = source;
  const rows = new Float32Array(height * width);
  const inside = width - radius - 1; // from here on windows meet the edge
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let k = -radius; k <= radius; k++) sum += data[row + reflect(k, width)];
    for (let x = 0; x < width; x++) {
      rows[row + x] = sum;
      if (x >= radius && x < inside) {
        sum += data[row + x + radius + 1] - data[row + x - radius];
      } else {
        sum += data[row + reflect(x + radius + 1, width)];
        sum -= data[row + reflect(x - radius, width)];
      }
    }
  }
  const means = new Float32Array(height * width);
  const sums = new Float64Array(width);
  for (let k = -radius; k <= radius; k++) {
    const row = reflect(k, height) * width;
    for (let x = 0; x < width; x++) sums[x] += rows[row + x];
  }
  const scale = 1 / (2 * radius + 1) ** 2;
  for (let y = 0; y < height; y++) {
    const enter = reflect(y + radius + 1, height) * width;
    const leave = reflect(y - radius, height) * width;
    const row = y * width;
    for (let x = 0; x < width; x++) {
      const sum = sums[x];
      means[row + x] = sum * scale;
      sums[x] = sum + rows[enter + x] - rows[leave + x];
    }
  }
  return plane(height, width, means);
}

/** The largest value of the square around each pixel; outside counts for nothing. */
export function dilate(source: Plane, radius: number): Plane {
  const { height, width } = source;
  const rows = plane(height, width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let best = source.data[y * width + x];
      const last = Math.min(width - 1, x + radius);
      for (let k = Math.max(0, x - radius); k <= last; k++) {
        best = Math.max(best, source.data[y * width + k]);
      }
      rows.data[y * width + x] = best;
    }
  }
  const out = plane(height, width);
  for (let y = 0; y < height; y++) {
    const first = Math.max(0, y - radius);
    const last = Math.min(height - 1, y + radius);
    for (let x = 0; x < width; x++) {
      let best = rows.data[first * width + x];
      for (let k = first + 1; k <= last; k++) best = Math.max(best, rows.data[k * width + x]);
      out.data[y * width + x] = best;
    }
  }
  return out;
}

/** Bilinear resizing, pixel centres kept, edges repeated. */
export function resizeLinear(source: Plane, height: number, width: number): Plane {
  if (source.height === height && source.width === width) return source;
  const out = plane(height, width);
  const columns = taps(source.width, width);
  const lines = taps(source.height, height);
  for (let y = 0; y < height; y++) {
    const above = lines.first[y] * source.width;
    const below = lines.second[y] * source.width;
    const v = lines.weight[y];
    for (let x = 0; x < width; x++) {
      const left = columns.first[x];
      const right = columns.second[x];
      const u = columns.weight[x];
      const top = source.data[above + left] * (1 - u) + source.data[above + right] * u;
      const bottom = source.data[below + left] * (1 - u) + source.data[below + right] * u;
      out.data[y * width + x] = top * (1 - v) + bottom * v;
    }
  }
  return out;
}

function taps(from: number, to: number) {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Float32Array(to);
  for (let i = 0; i < to; i++) {
    const place = ((i + 0.5) * from) / to - 0.5;
    const floor = Math.floor(place);
    first[i] = Math.min(Math.max(floor, 0), from - 1);
    second[i] = Math.min(Math.max(floor + 1, 0), from - 1);
    weight[i] = place - floor;
  }
  return { first, second, weight };
}

/** Area averaging to a smaller picture. */
export function resizeArea(source: Plane, height: number, width: number): Plane {
  if (source.height === height && source.width === width) return source;
  const rows = plane(source.height, width);
  const across = source.width / width;
  for (let x = 0; x < width; x++) {
    forShares(x * across, (x + 1) * across, source.width, (k, share) => {
      for (let y = 0; y < source.height; y++) {
        rows.data[y * width + x] += source.data[y * source.width + k] * (share / across);
      }
    });
  }
  const out = plane(height, width);
  const down = source.height / height;
  for (let y = 0; y < height; y++) {
    forShares(y * down, (y + 1) * down, source.height, (k, share) => {
      for (let x = 0; x < width; x++) {
        out.data[y * width + x] += rows.data[k * width + x] * (share / down);
      }
    });
  }
  return out;
}

function forShares(from: number, to: number, size: number, use: (k: number, w: number) => void) {
  for (let k = Math.floor(from); k < Math.min(Math.ceil(to - 1e-9), size); k++) {
    const share = Math.min(k + 1, to) - Math.max(k, from);
    if (share > 1e-9) use(k, share);
  }
}
