/** From frame to screen. Full-size pixels stay on the GPU; only small copies are read back. */
import type { Matted, Solved } from "../engine/messages";
import { fit, type Size } from "../matting/grid";
import { changed, colorTransfer, UNCHANGED, type Affine } from "../matting/color_transfer";
import type { Tone } from "../matting/harmony";
import { blurredRoom } from "./blur";
import { Gpu, type Texture, type Uniform } from "./context";
import { coverRectangle, harmonizes, type Harmonizer, type Look, type Scene } from "./look";
import * as shaders from "./shaders";
import { wrappedLight } from "./wrap";

const STATISTICS_SIDE = 128;
const LAYER_PIXELS = 60_000; // as the Python package's `estimate_foreground`
const EDGES = [0.1, 0.9]; // of the smooth step

export class Renderer {
  readonly gpu: Gpu;
  size: Size = { height: 0, width: 0 };
  private mirror = false;
  private layered = false;
  private turn = 0;
  private past: Texture | null = null;
  private shown: TexImageSource | null = null;
  private readonly frame: Texture;
  private readonly model: Texture;
  private readonly still: Texture;
  private readonly difference: Texture;
  private readonly fore: Texture;
  private readonly back: Texture;
  private readonly picture: Texture;
  private readonly curve: Texture;
  private readonly gains: Texture;
  private alpha: Texture;

  constructor(private canvas: HTMLCanvasElement) {
    this.gpu = new Gpu(canvas);
    const nearest = () => {
      const texture = this.gpu.texture();
      this.gpu.data(texture, new Uint8Array(4), { height: 1, width: 1 });
      return texture;
    };
    [this.frame, this.model, this.still, this.difference] = [0, 0, 0, 0].map(nearest);
    [this.fore, this.back, this.alpha, this.curve, this.gains] = [0, 0, 0, 0, 0].map(nearest);
    this.picture = this.gpu.texture("mipmap");
    this.gpu.data(this.picture, new Uint8Array(4), { height: 1, width: 1 });
  }

  /** A new frame. Takes over nothing: the source may be closed afterwards. */
  setFrame(source: TexImageSource, size: Size, mirror: boolean): void {
    const changed = size.height !== this.size.height || size.width !== this.size.width;
    if (changed || mirror !== this.mirror) this.past = null;
    this.size = { height: size.height, width: size.width };
    this.mirror = mirror;
    this.gpu.upload(this.frame, source, this.size);
  }

  /** The frame at the network's grid, RGBA bytes. */
  async shrunk(grid: Size): Promise<Uint8Array> {
    this.gpu.pass("grid", shaders.SHRINK_FRAME, grid, "bytes", this.inputs());
    return this.gpu.read("grid");
  }

  /** What the worker found, made full-size. */
  setMatte(matted: Matted, grid: Size): void {
    const { gpu } = this;
    gpu.data(this.model, matted.model, grid);
    const steady = matted.still !== null && this.past !== null;
    if (steady) gpu.data(this.still, matted.still!, grid);
    this.turn = 1 - this.turn;
    this.alpha = gpu.pass(`alpha${this.turn}`, shaders.ALPHA, this.size, "half1", {
      ...this.inputs(),
      model: this.model,
      still: this.still,
      past: this.past ?? this.model,
      steady,
    });
    this.past = matted.difference ? this.alpha : null;
    this.layered = matted.difference === null;
    if (matted.difference) gpu.data(this.difference, matted.difference, matted.differenceSize);
  }

  /** A smaller copy of frame and alpha, RGBA bytes, from which layers are solved for a photo. */
  async layerInput(): Promise<{ pixels: Uint8Array; size: Size }> {
    const { height, width } = this.size;
    const size = fit(this.size, Math.min(1, Math.sqrt(LAYER_PIXELS / (height * width))));
    this.gpu.pass("layers", shaders.SHRINK_FRAME, size, "bytes", this.inputs());
    this.gpu.pass("layersAlpha", shaders.SHRINK, size, "bytes", { source: this.alpha });
    const pixels = await this.gpu.read("layers");
    const alpha = await this.gpu.read("layersAlpha");
    for (let i = 0; i < pixels.length; i += 4) pixels[i + 3] = alpha[i];
    return { pixels, size };
  }

  setLayers({ fore, back }: Solved, size: Size): void {
    this.gpu.data(this.fore, fore, size);
    this.gpu.data(this.back, back, size);
  }

  /** Draws the composite; resolves when it is on its way to the screen. */
  async draw(look: Look, harmonizer: Harmonizer): Promise<void> {
    const scene = this.scene(look.scene);
    const shift = look.colorTransfer ? await this.transfer(scene, look.scene.kind) : UNCHANGED;
    const tone = harmonizes(look) ? await this.harmony(scene, shift, harmonizer) : null;
    const light =
      look.lightWrap && look.scene.kind !== "none"
        ? wrappedLight(this.gpu, this.alpha, this.size, scene)
        : null;
    this.fitCanvas();
    this.gpu.screen(shaders.SCREEN, this.size, {
      ...this.inputs(),
      ...scene,
      smoothed: look.smoothStep,
      edges: EDGES,
      matteOnly: look.matteOnly,
      ...shift,
      ...this.toned(tone),
      wrapped: light !== null,
      light: light ?? this.model,
    });
  }

  /** Nothing at all: neither the last picture nor the room. */
  clear(): void {
    const { gl } = this.gpu;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.past = null;
  }

  private fitCanvas(): void {
    const { height, width } = this.size;
    if (this.canvas.height !== height) this.canvas.height = height;
    if (this.canvas.width !== width) this.canvas.width = width;
  }

  private inputs(): Record<string, Uniform> {
    return {
      frame: this.frame,
      mirror: this.mirror,
      alphaMap: this.alpha,
      difference: this.difference,
      fore: this.fore,
      back: this.back,
      layered: this.layered,
    };
  }

  private scene(scene: Scene): Record<string, Uniform> {
    const still = { kind: 0, colour: [0, 0, 0], picture: this.picture, cover: [1, 1, 0, 0] };
    if (scene.kind === "colour") return { ...still, kind: 1, colour: scene.rgb.map((v) => v / 255) };
    if (scene.kind === "blur") {
      const picture = blurredRoom(this.gpu, this.inputs(), this.size, scene.share);
      return { ...still, kind: 2, picture };
    }
    if (scene.kind === "none") return still;
    if (scene.moving || this.shown !== scene.source) {
      this.gpu.upload(this.picture, scene.source, scene.size, true);
      this.shown = scene.source;
    }
    return { ...still, kind: 2, cover: coverRectangle(scene.size, this.size) };
  }

  private async harmony(
    scene: Record<string, Uniform>,
    shift: Affine,
    harmonizer: Harmonizer,
  ): Promise<Tone | null> {
    const grid = harmonizer.grid(this.size);
    const large = this.size.height > 4 * grid.height && this.size.width > 4 * grid.width;
    const small = large ? shaders.SAMPLE_FOREGROUND : shaders.SHRINK_FOREGROUND;
    this.gpu.pass("harmonyPerson", small, grid, "bytes", this.inputs());
    this.gpu.pass("harmonyBehind", shaders.BACKGROUND, grid, "bytes", scene);
    const person = changed(await this.gpu.read("harmonyPerson"), shift);
    return harmonizer.propose(person, await this.gpu.read("harmonyBehind"), grid);
  }

  private toned(tone: Tone | null): Record<string, Uniform> {
    const { curve, gains } = this;
    if (!tone) return { harmonized: false, tint: UNCHANGED.gain, lift: [0, 0, 0], curve, gains };
    this.gpu.data(curve, tone.curve, { height: 1, width: tone.curve.length });
    this.gpu.data(gains, tone.gains, tone.cells);
    return { harmonized: true, tint: tone.tint, lift: tone.lift, curve, gains };
  }

  private async transfer(scene: Record<string, Uniform>, kind: Scene["kind"]): Promise<Affine> {
    if (kind === "none") return UNCHANGED;
    const { height, width } = this.size;
    const size = fit(this.size, Math.min(1, STATISTICS_SIDE / Math.max(height, width)));
    this.gpu.pass("person", shaders.SHRINK_FOREGROUND, size, "bytes", this.inputs());
    this.gpu.pass("behind", shaders.BACKGROUND, size, "bytes", scene);
    return colorTransfer(await this.gpu.read("person"), await this.gpu.read("behind"));
  }
}
