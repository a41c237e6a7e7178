/** One session: a source, the engine, the renderer, and the loop that joins them. */
import { Engine } from "./engine/engine";
import type { HarmonizerCard, Matte, Matted, NetworkCard, Prefer, Started } from "./engine/messages";
import { LOST } from "./gpu/context";
import { harmonizes, type Harmonizer, type Look } from "./gpu/look";
import { Renderer } from "./gpu/renderer";
import { gridSize, type Size } from "./matting/grid";
import { nextFrame, openCamera, type Camera } from "./media/camera";
import { openPicture, type Picture } from "./media/picture";
import { asProblem, Problem } from "./problem";
import { Pace, type Figures } from "./pace";

export interface Wishes {
  card: NetworkCard;
  harmonizer: HarmonizerCard;
  look: Look;
  mirror: boolean;
  /** Strength against flicker. */
  smooth: number;
}

export type State =
  | { kind: "idle" }
  | { kind: "starting" }
  | { kind: "live" | "photo" }
  | { kind: "problem"; problem: Problem };

const SMOOTH = 0.85;
export const smoothness = (steady: boolean) => (steady ? SMOOTH : 0);

export class Session {
  onState: (state: State) => void = () => {};
  onFigures: (figures: Figures) => void = () => {};
  onNotice: (text: string) => void = () => {};
  onStarted: (started: Started) => void = () => {};
  /** The person's colours could not be fitted to the scene; they are drawn as they are. */
  onDiscord: (error: unknown) => void = () => {};
  state: State = { kind: "idle" };
  private engine: Engine | null = null;
  private started: Promise<Started> | null = null;
  private renderer: Renderer | null = null;
  private camera: Camera | null = null;
  private photo: Picture | null = null;
  private run = 0;
  private waiting: (() => Promise<void>)[] = [];
  private pace = new Pace();
  private harmonizing = false;
  private turn: Promise<unknown> = Promise.resolve();
  private asked = 0;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private wishes: () => Wishes,
    private base: string,
    private prefer: Prefer,
  ) {
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      if (this.state.kind !== "idle") this.fail(lost());
    });
    canvas.addEventListener("webglcontextrestored", () => this.recover());
  }

  get cameraId(): string {
    return this.camera?.id ?? "";
  }

  async useCamera(id: string, facing: "user" | "environment"): Promise<void> {
    const run = this.begin();
    await this.guard(run, async () => {
      this.surface();
      const engine = this.ready();
      engine.catch(() => {}); // asked for again below; the camera may fail first
      const camera = await openCamera(id, facing);
      if (run !== this.run) return camera.stop();
      this.camera = camera;
      camera.onEnd = () =>
        this.fail(new Problem("The camera went away.", "Connect it and try again, or open a photo."));
      await engine;
      await this.loop(run, camera.video);
    });
  }

  /** Returns the picture, so that the page can say what was done to it. */
  async usePhoto(file: Blob): Promise<Picture | null> {
    const run = this.begin();
    let picture: Picture | null = null;
    await this.guard(run, async () => {
      const renderer = this.surface();
      picture = await openPicture(file, renderer.gpu.largest);
      await this.ready();
      if (run !== this.run) return;
      this.photo = picture;
      await this.step(run, picture.bitmap, picture.size, false);
    });
    return this.photo;
  }

  /** Shows nothing, holds no camera. */
  stop(): void {
    this.begin();
    this.show({ kind: "idle" });
  }

  /** Call after any change of wishes: a photo is drawn again, live pictures come by themselves. */
  async changed(again: "draw" | "matte"): Promise<void> {
    if (!this.photo || this.state.kind !== "photo") return;
    const { bitmap, size } = this.photo;
    const run = this.run;
    const asked = ++this.asked;
    const work = async () => {
      if (run !== this.run) return;
      if (again === "matte") await this.step(run, bitmap, size, false);
      else if (asked === this.asked) await this.draw(this.renderer!, false);
    };
    await this.guard(run, () => this.inTurn(work));
  }

  /** A photo is drawn by one at a time, in the order of asking. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work, work);
    this.turn = done;
    return done;
  }

  /** Fetches the harmoniser, so that no picture waits for it; before the start there is no hurry. */
  async loadHarmonizer(): Promise<void> {
    if (!this.started) return;
    await this.started;
    await this.engine!.load(this.wishes().harmonizer);
  }

  /** The picture on the screen as PNG, with transparency where the background is "none". */
  picture(): Promise<Blob> {
    return this.afterDrawing(async () => {
      await this.draw(this.renderer!, this.state.kind === "live");
      return new Promise<Blob>((done, fail) =>
        this.canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/png"),
      );
    });
  }

  /** Live textures hold a frame and its own matte only between two steps. */
  private afterDrawing<T>(work: () => Promise<T>): Promise<T> {
    if (this.state.kind !== "live") return this.inTurn(work);
    return new Promise((done, fail) => {
      this.waiting.push(() => work().then(done, fail));
    });
  }

  private async loop(run: number, video: HTMLVideoElement): Promise<void> {
    this.pace.reset();
    while (run === this.run) {
      if (!(await nextFrame(video)) || video.videoWidth === 0) continue;
      const size = { height: video.videoHeight, width: video.videoWidth };
      await this.step(run, video, size, true);
    }
  }

  private async step(run: number, source: TexImageSource, size: Size, live: boolean): Promise<void> {
    const renderer = this.surface();
    const { card, mirror, smooth } = this.wishes();
    const due = this.waiting.splice(0);
    const grid = gridSize(size, card.area, card.stride);
    const clock = this.pace.clock();
    renderer.setFrame(source, size, mirror && live);
    const pixels = await renderer.shrunk(grid);
    clock.mark("shrink");
    const matted = await this.matte({ card, pixels, grid, live, smooth });
    clock.add("network", matted.milliseconds.network);
    clock.add("matte", matted.milliseconds.matte);
    clock.skip();
    if (run !== this.run) return;
    renderer.setMatte(matted, grid);
    if (!live) {
      const input = await renderer.layerInput();
      const size = { ...input.size };
      renderer.setLayers(await this.engine!.layers(input), size);
      clock.mark("foreground");
    }
    const harmonize = await this.draw(renderer, live);
    if (run !== this.run) return renderer.clear();
    this.show({ kind: live ? "live" : "photo" });
    for (const work of due) await work();
    await renderer.gpu.finished();
    clock.mark("composite");
    if (harmonize > 0) clock.part("composite", "harmonise", harmonize);
    this.onFigures(this.pace.figures(clock, size, grid));
  }

  /** Draws the composite; returns the milliseconds that the harmoniser took of it. */
  private async draw(renderer: Renderer, live: boolean): Promise<number> {
    const { look, harmonizer: card } = this.wishes();
    let taken = 0;
    const fresh = !this.harmonizing;
    const harmonizer: Harmonizer = {
      grid: (frame) => gridSize(frame, card.area, card.stride),
      propose: async (person, behind, grid) => {
        const began = performance.now();
        try {
          const request = { card, person, behind, grid, live, fresh };
          return (await this.engine!.harmonize(request)).tone;
        } catch (error) {
          this.onDiscord(error);
          return null;
        } finally {
          taken = performance.now() - began;
        }
      },
    };
    await renderer.draw(look, harmonizer);
    this.harmonizing = harmonizes(look);
    return taken;
  }

  /** A GPU that fails is given up for good, and the user is told. */
  private async matte(request: Omit<Matte, "kind">): Promise<Matted> {
    try {
      return await this.engine!.matte({ ...request, pixels: request.pixels.slice() });
    } catch (error) {
      const { device } = await this.ready();
      if (this.prefer !== "auto" || !device.startsWith("WebGPU")) throw error;
      this.prefer = "cpu";
      this.engine!.stop();
      this.engine = this.started = null;
      await this.ready();
      this.onNotice(`${device} failed (${String(error)}); now without it.`);
      return this.engine!.matte(request);
    }
  }

  private begin(): number {
    this.run++;
    this.camera?.stop();
    this.camera = null;
    this.photo?.bitmap.close();
    this.photo = null;
    this.waiting = [];
    this.harmonizing = false;
    this.show({ kind: "starting" });
    return this.run;
  }

  private async guard(run: number, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (run !== this.run) return;
      this.fail(error instanceof Error && error.message === LOST ? lost() : asProblem(error));
    }
  }

  private fail(problem: Problem): void {
    this.run++;
    this.camera?.stop();
    this.camera = null;
    this.show({ kind: "problem", problem });
  }

  private show(state: State): void {
    // the room is never shown: without a matte there is no picture at all
    if (state.kind !== "live" && state.kind !== "photo") this.renderer?.clear();
    const changed = state.kind !== this.state.kind || state.kind === "problem";
    this.state = state;
    if (changed) this.onState(state);
  }

  private recover(): void {
    this.renderer = null;
    this.show({ kind: "idle" });
  }

  private surface(): Renderer {
    try {
      this.renderer ??= new Renderer(this.canvas);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Problem("The graphics card cannot be used.", reason);
    }
    return this.renderer;
  }

  private ready(): Promise<Started> {
    this.engine ??= new Engine();
    this.started ??= this.engine.start(this.base, this.prefer).then((started) => {
      this.pace.device = started.device;
      this.onStarted(started);
      return started;
    });
    this.started.catch(() => {
      this.engine?.stop();
      this.engine = this.started = null;
    });
    return this.started;
  }
}

const lost = () =>
  new Problem("The graphics card was lost.", "Wait a moment and start again, or reload the page.");
