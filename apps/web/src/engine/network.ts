/** A network at a grid: fetches weights once, compiles each grid once. */
import { Tensor, type CompiledModel } from "@litertjs/core";
import type { Size } from "../matting/grid";
import type { NetworkCard } from "./messages";
import { atGrid } from "./patch";
import { compile, type Runtime } from "./runtime";

// a phone that is turned around goes back and forth between two grids
const KEPT = 3;

export class Networks {
  private files = new Map<string, Promise<Uint8Array>>();
  private compiled = new Map<string, CompiledModel>();

  constructor(
    private base: string,
    private runtime: Runtime,
  ) {}

  /** What the network says of a float32 [H, W, C]; matting networks take C = 3 and say [H, W]. */
  async run(card: NetworkCard, grid: Size, input: Float32Array): Promise<Float32Array> {
    const network = await this.at(card, grid);
    const channels = input.length / (grid.height * grid.width);
    const tensor = new Tensor(input, [1, grid.height, grid.width, channels]);
    try {
      const [output] = await network.run(tensor);
      const onHost = await output.moveTo("wasm");
      const values = (onHost.toTypedArray() as Float32Array).slice();
      onHost.delete();
      return values;
    } finally {
      tensor.delete();
    }
  }

  async load(card: NetworkCard): Promise<void> {
    await this.fetch(card.file);
  }

  private async at(card: NetworkCard, grid: Size): Promise<CompiledModel> {
    const key = `${card.file} ${grid.height}x${grid.width}`;
    const known = this.compiled.get(key);
    if (known) return known;
    const file = await this.fetch(card.file);
    const network = await compile(atGrid(file, card.patches, grid), this.runtime.accelerator);
    if (this.compiled.size >= KEPT) {
      const [oldest, model] = this.compiled.entries().next().value!;
      model.delete();
      this.compiled.delete(oldest);
    }
    this.compiled.set(key, network);
    return network;
  }

  private fetch(file: string): Promise<Uint8Array> {
    let weights = this.files.get(file);
    if (!weights) {
      weights = download(new URL(file, this.base).href);
      weights.catch(() => this.files.delete(file)); // the next try may have a connection
      this.files.set(file, weights);
    }
    return weights;
  }
}

async function download(address: string): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The network could not be loaded (${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}
