/** How the person is put before the background. */
import type { Size } from "../matting/grid";
import type { Tone } from "../matting/harmony";

export type Scene =
  | { kind: "none" }
  | { kind: "colour"; rgb: [number, number, number] }
  | { kind: "blur"; share: number }
  | { kind: "picture"; source: TexImageSource; size: Size; moving: boolean };

export interface Look {
  scene: Scene;
  smoothStep: boolean;
  colorTransfer: boolean;
  harmonize: boolean;
  lightWrap: boolean;
  matteOnly: boolean;
}

/** Says how the person's colours must change, from small copies of both layers. */
export interface Harmonizer {
  grid(frame: Size): Size;
  propose(person: Uint8Array, behind: Uint8Array, grid: Size): Promise<Tone | null>;
}

/** Whether there is a scene to which the person's colours can be fitted. */
export function harmonizes({ harmonize, scene, matteOnly }: Look): boolean {
  return harmonize && scene.kind !== "none" && !matteOnly;
}

/** Scale and offset that let a picture cover the frame, its centre kept: for places in [0, 1]. */
export function coverRectangle(picture: Size, frame: Size): [number, number, number, number] {
  const scale = Math.max(frame.width / picture.width, frame.height / picture.height);
  const wide = frame.width / scale / picture.width;
  const high = frame.height / scale / picture.height;
  return [wide, high, (1 - wide) / 2, (1 - high) / 2];
}
