/** The network's input: a small grid with the picture's own aspect ratio, normalised. */
export interface Size {
  height: number;
  width: number;
}

/**
 * The grid at which to run a network. Among the sizes that are multiples of `stride` and hold about
 * `area` pixels: the one whose aspect ratio is nearest to the picture's; a larger grid wins where
 * aspects are much alike. The same rule as in the Python package.
 */
export function gridSize(picture: Size, area: number, stride: number): Size {
  const aspect = Math.min(Math.max(picture.height / picture.width, 1 / 3), 3);
  const cells = area / stride ** 2;
  const limit = Math.max(1, Math.trunc(1.1 * cells));
  let best = { rows: 1, columns: 1, cost: Infinity };
  for (let rows = 1; rows <= limit; rows++) {
    for (let columns = 1; columns <= Math.floor(limit / rows); columns++) {
      const squeeze = Math.abs(Math.log(rows / columns / aspect));
      const cost = squeeze + 0.5 * Math.max(0, 1 - (rows * columns) / cells);
      if (cost < best.cost) best = { rows, columns, cost };
    }
  }
  return { height: best.rows * stride, width: best.columns * stride };
}

/** RGBA bytes as the network's float32 [H, W, 3]. `mean` and `std` are for pixels in [0, 1]. */
export function toInput(rgba: Uint8Array, mean: number[], std: number[]): Float32Array {
  const count = rgba.length / 4;
  const input = new Float32Array(count * 3);
  const scale = std.map((value) => 1 / (255 * value));
  const offset = mean.map((value, channel) => -value / std[channel]);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) input[3 * i + c] = rgba[4 * i + c] * scale[c] + offset[c];
  }
  return input;
}

/** A smaller size, at least one pixel each way. */
export function fit({ height, width }: Size, scale: number): Size {
  return {
    height: Math.max(1, Math.round(height * scale)),
    width: Math.max(1, Math.round(width * scale)),
  };
}
