/** How the person is put before the background. */
import type { Size } from "../matting/grid";

export type Scene =
  | { kind: "none" }
  | { kind: "colour"; rgb: [number, number, number] }
  | { kind: "blur"; share: number }
  | { kind: "picture"; source: TexImageSource; size: Size; moving: boolean };

export interface Look {
  scene: Scene;
  smoothStep: boolean;
  colorTransfer: boolean;
  lightWrap: boolean;
  matteOnly: boolean;
}

/** Scale and offset that let a picture cover the frame, its centre kept: for places in [0, 1]. */
export function coverRectangle(picture: Size, frame: Size): [number, number, number, number] {
  const scale = Math.max(frame.width / picture.width, frame.height / picture.height);
  const wide = frame.width / scale / picture.width;
  const high = frame.height / scale / picture.height;
  return [wide, high, (1 - wide) / 2, (1 - high) / 2];
}
