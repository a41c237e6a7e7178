/** What the page and its worker say to each other. */
import type { Size } from "../matting/grid";
import type { Tone } from "../matting/harmony";

/** What the page knows about a network, from the package's card. */
export interface NetworkCard {
  name: string;
  description: string;
  licence: string;
  parameters: number;
  /** Relative to the page. */
  file: string;
  bytes: number;
  mean: number[];
  std: number[];
  area: number;
  stride: number;
  scores: Record<string, number>;
  /** Places in the file to write a grid into: (offset, divisor, extra). */
  patches: { height: Patch[]; width: Patch[] };
}

export interface HarmonizerCard extends NetworkCard {
  /** Proposals that move colours by less than `noise` levels are left out, from `clear` on they count. */
  noise: number;
  clear: number;
  /** Of the way to the newest proposal, for each live frame. */
  pace: number;
}

export type Patch = [offset: number, divisor: number, extra: number];

/**
 * "auto" takes the GPU when an adapter is there, then threads, then plain WebAssembly; "cpu" does the
 * same without the GPU; the others take one or fail.
 */
export type Prefer = "auto" | "cpu" | "webgpu" | "threads" | "plain";

export interface Start {
  kind: "start";
  /** Address of the page's folder. */
  base: string;
  prefer: Prefer;
}

export interface Matte {
  kind: "matte";
  card: NetworkCard;
  /** The shrunk picture, RGBA. */
  pixels: Uint8Array;
  grid: Size;
  /** Part of a clip: steady it against the frames before, and estimate colours quickly. */
  live: boolean;
  /** Strength against flicker, 0 to below 1. */
  smooth: number;
}

export interface LayersWanted {
  kind: "layers";
  /** RGB and alpha of a smaller copy of the picture. */
  pixels: Uint8Array;
  size: Size;
}

/** Fetches a network's weights before they are used. */
export interface Load {
  kind: "load";
  card: NetworkCard;
}

export interface Harmonize {
  kind: "harmonize";
  card: HarmonizerCard;
  /** The person's colours and alpha at the grid, RGBA; what stands behind, RGBA. */
  person: Uint8Array;
  behind: Uint8Array;
  grid: Size;
  /** Part of a clip: average it with the frames before. */
  live: boolean;
  /** Forget the frames before. */
  fresh: boolean;
}

export type Request = { id: number } & (Start | Load | Matte | LayersWanted | Harmonize);

export interface Started {
  /** What runs the network, and why. */
  device: string;
  /** Addresses that must be kept for use without a network connection. */
  files: string[];
}

export interface Matted {
  /** a_red, a_green, a_blue, b per grid pixel. */
  model: Float32Array;
  /** Share of the past per grid pixel; null for photos and new scenes. */
  still: Float32Array | null;
  /** Foreground minus background colour, in [-1, 1], at `differenceSize`; RGBA, live only. */
  difference: Float32Array | null;
  differenceSize: Size;
  /** The network's own alpha, before anything else; for those who look inside. */
  alpha: Float32Array;
  milliseconds: { network: number; matte: number };
}

export interface Solved {
  /** RGBA, 0 to 255. */
  fore: Uint8Array;
  back: Uint8Array;
}

export interface Harmonized {
  /** Null where the layers match as they are. */
  tone: Tone | null;
}

export type Result = Started | Matted | Solved | Harmonized | object;
export type Answer = { id: number } & (
  | { result: Result }
  | { error: string }
);
