/** The page's side of the worker: one promise for each request. */
import type {
  Answer,
  Harmonize,
  Harmonized,
  LayersWanted,
  Matte,
  Matted,
  NetworkCard,
  Prefer,
  Request,
  Solved,
  Started,
} from "./messages";

export class Engine {
  private worker = new Worker(new URL("./worker.ts", import.meta.url));
  private waiting = new Map<number, { done: (value: never) => void; fail: (e: Error) => void }>();
  private count = 0;

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const { done, fail } = this.waiting.get(data.id)!;
      this.waiting.delete(data.id);
      if ("error" in data) fail(new Error(data.error));
      else done(data.result as never);
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`The engine stopped: ${event.message || "worker failed"}`);
      for (const { fail } of this.waiting.values()) fail(error);
      this.waiting.clear();
    };
  }

  start(base: string, prefer: Prefer): Promise<Started> {
    return this.ask({ kind: "start", base, prefer });
  }

  async load(card: NetworkCard): Promise<void> {
    await this.ask({ kind: "load", card });
  }

  matte(request: Omit<Matte, "kind">): Promise<Matted> {
    return this.ask({ kind: "matte", ...request }, [request.pixels.buffer]);
  }

  layers(request: Omit<LayersWanted, "kind">): Promise<Solved> {
    return this.ask({ kind: "layers", ...request }, [request.pixels.buffer]);
  }

  harmonize(request: Omit<Harmonize, "kind">): Promise<Harmonized> {
    return this.ask({ kind: "harmonize", ...request }, [request.person.buffer, request.behind.buffer]);
  }

  stop(): void {
    this.worker.terminate();
  }

  private ask<T>(message: object, transfer: ArrayBufferLike[] = []): Promise<T> {
    const id = ++this.count;
    return new Promise<T>((done, fail) => {
      this.waiting.set(id, { done: done as (value: never) => void, fail });
      this.worker.postMessage({ id, ...message } as Request, transfer as Transferable[]);
    });
  }
}
