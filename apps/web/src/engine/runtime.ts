/** LiteRT.js in this worker: which build, on which device, and why. */
import { loadAndCompile, loadLiteRt, setWebGpuDevice, supportsFeature } from "@litertjs/core";
import type { Prefer } from "./messages";

export type Accelerator = "webgpu" | "wasm";

export interface Runtime {
  accelerator: Accelerator;
  device: string;
  files: string[];
}

/** Loads the runtime once; raises an Error with a sentence for the user when it cannot. */
export async function startRuntime(base: string, prefer: Prefer): Promise<Runtime> {
  const adapter = prefer === "auto" || prefer === "webgpu" ? await webGpuAdapter() : null;
  if (prefer === "webgpu" && !adapter) throw new Error("This browser offers no WebGPU adapter.");
  const threads = prefer !== "plain" && self.crossOriginIsolated && (await canThread());
  if (prefer === "threads" && !threads) throw new Error("This browser offers no threads here.");
  const build = threads ? "threaded" : "compat";
  const files = await loadBuild(base, build);
  if (adapter) {
    const device = await adapter.requestDevice();
    setWebGpuDevice(device);
    const name = adapter.info?.description || adapter.info?.vendor || "GPU";
    return { accelerator: "webgpu", device: `WebGPU (${name})`, files };
  }
  const cores = navigator.hardwareConcurrency;
  const why = threads
    ? `WebAssembly, threads on ${cores} core${cores === 1 ? "" : "s"}`
    : "WebAssembly, one thread";
  return { accelerator: "wasm", device: why, files };
}

async function webGpuAdapter(): Promise<GPUAdapter | null> {
  try {
    return (await navigator.gpu?.requestAdapter()) ?? null;
  } catch {
    return null;
  }
}

async function canThread(): Promise<boolean> {
  return (await supportsFeature("threads")) && (await supportsFeature("relaxedSimd"));
}

/** The glue expects its settings in `self.Module`; the program is stored compressed. */
async function loadBuild(base: string, build: "threaded" | "compat"): Promise<string[]> {
  const glue = new URL(`litert/${build}.js`, base).href;
  const program = new URL(`litert/${build}.wasm.gz`, base).href;
  (self as unknown as { Module: object }).Module = {
    wasmBinary: await unpacked(program),
    mainScriptUrlOrBlob: glue,
    printErr: (line: string) => console.debug(line),
    locateFile: (name: string) => new URL(`litert/${name}`, base).href,
  };
  await loadLiteRt(glue);
  return [glue, program];
}

/** Some servers unpack .gz by themselves: look at the first bytes. */
async function unpacked(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} could not be loaded (${response.status}).`);
  const bytes = await response.arrayBuffer();
  const head = new Uint8Array(bytes, 0, 2);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

export const compile = (file: Uint8Array, accelerator: Accelerator) =>
  loadAndCompile(file, { accelerator });
