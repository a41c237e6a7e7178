import type { Size } from "../matting/grid";
import type { NetworkCard } from "./messages";

/** The weights file with another grid written into it; the original stays as it is. */
export function atGrid(file: Uint8Array, patches: NetworkCard["patches"], grid: Size): Uint8Array {
  const copy = file.slice();
  const view = new DataView(copy.buffer);
  for (const side of ["height", "width"] as const) {
    for (const [offset, divisor, extra] of patches[side]) {
      view.setInt32(offset, Math.floor(grid[side] / divisor) + extra, true);
    }
  }
  return copy;
}
