/** The worker: network, and what is computed at its small grid. Full-size pixels never come here. */
import { toInput } from "../matting/grid";
import { solveLayers } from "../matting/foreground";
import { carriedOut, readProposals, SteadyChange, toLayers } from "../matting/harmony";
import { plane, resizeArea, type Plane } from "../matting/planes";
import { guidedModel, toGuide, type Guide } from "../matting/refine";
import { solidify } from "../matting/solidify";
import { TemporalFilter } from "../matting/temporal";
import type {
  Answer,
  Harmonize,
  Harmonized,
  LayersWanted,
  Matte,
  Matted,
  Request,
  Result,
  Solved,
} from "./messages";
import { Networks } from "./network";
import { startRuntime } from "./runtime";

let networks: Networks | null = null;
// the GPU would take longer to be asked than this small network takes on the processor
let harmonizers: Networks | null = null;
const steady = new TemporalFilter();
const mood = new SteadyChange();

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  try {
    const result = await answer(data);
    const buffers = Object.values(result).filter((value) => ArrayBuffer.isView(value));
    post({ id: data.id, result }, [...new Set(buffers.map((view) => view.buffer))]);
  } catch (error) {
    post({ id: data.id, error: error instanceof Error ? error.message : String(error) }, []);
  }
};

function post(message: Answer, transfer: ArrayBufferLike[]): void {
  self.postMessage(message, { transfer: transfer as Transferable[] });
}

async function answer(request: Request): Promise<Result> {
  if (request.kind === "start") {
    const runtime = await startRuntime(request.base, request.prefer);
    networks = new Networks(request.base, runtime);
    harmonizers = new Networks(request.base, { ...runtime, accelerator: "wasm" });
    return { device: runtime.device, files: runtime.files };
  }
  if (request.kind === "load") {
    await harmonizers?.load(request.card);
    return {};
  }
  if (request.kind === "harmonize") return harmonize(request);
  return request.kind === "matte" ? matte(request) : layers(request);
}

async function harmonize(request: Harmonize): Promise<Harmonized> {
  if (!harmonizers) throw new Error("The engine was not started.");
  const { card, person, behind, grid, live, fresh } = request;
  if (fresh || !live) mood.reset();
  const alpha = plane(grid.height, grid.width);
  for (let i = 0; i < alpha.data.length; i++) alpha.data[i] = person[4 * i + 3] / 255;
  if (!alpha.data.some((share) => share > 0)) return { tone: null };
  const proposals = await harmonizers.run(card, grid, toLayers(person, behind));
  const cells = { height: grid.height / card.stride, width: grid.width / card.stride };
  const proposal = readProposals(proposals, cells, alpha);
  return { tone: carriedOut(live ? mood.next(proposal, card.pace) : proposal, person, grid, card) };
}

async function matte({ card, pixels, grid, live, smooth }: Matte): Promise<Matted> {
  if (!networks) throw new Error("The engine was not started.");
  const { height, width } = grid;
  const began = performance.now();
  const alpha = await networks.run(card, grid, toInput(pixels, card.mean, card.std));
  const network = performance.now();
  let coarse = solidify(plane(height, width, alpha));
  let still: Plane | null = null;
  if (live) ({ alpha: coarse, still } = steady.next(coarse, pixels, smooth));
  else steady.reset();
  const guide = toGuide(pixels, height, width);
  const model = guidedModel(coarse, guide);
  const half = { height: Math.max(1, height >> 1), width: Math.max(1, width >> 1) };
  const difference = live ? layerDifference(guide, coarse, half.height, half.width) : null;
  return {
    model,
    still: still?.data.slice() ?? null,
    difference,
    differenceSize: half,
    alpha,
    milliseconds: { network: network - began, matte: performance.now() - network },
  };
}

/** F - B at half the grid: smooth, and all that compositing on another background needs. */
function layerDifference(guide: Guide, alpha: Plane, height: number, width: number): Float32Array {
  const image = guide.map((channel) => {
    const small = resizeArea(channel, height, width);
    return plane(height, width, small.data.map((value) => Math.round(value * 255)));
  });
  const { fore, back } = solveLayers(image, resizeArea(alpha, height, width));
  const out = new Float32Array(4 * height * width);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = (fore[c].data[i] - back[c].data[i]) / 255;
  }
  return out;
}

function layers({ pixels, size }: LayersWanted): Solved {
  const planes = [0, 1, 2, 3].map((channel) => {
    const out = plane(size.height, size.width);
    for (let i = 0; i < out.data.length; i++) out.data[i] = pixels[4 * i + channel];
    return out;
  });
  planes[3].data.forEach((value, i) => (planes[3].data[i] = value / 255));
  const { fore, back } = solveLayers(planes.slice(0, 3), planes[3]);
  return { fore: interleaved(fore), back: interleaved(back) };
}

function interleaved(planes: Plane[]): Uint8Array {
  const out = new Uint8Array(4 * planes[0].data.length).fill(255);
  planes.forEach((channel, c) => channel.data.forEach((value, i) => (out[4 * i + c] = value)));
  return out;
}
