/** A thin layer over WebGL2: programs, textures, passes, reading back without stopping. */
import type { Size } from "../matting/grid";
import { VERTEX } from "./shaders";

export interface Texture {
  handle: WebGLTexture;
  height: number;
  width: number;
}

export type Uniform = number | boolean | number[] | Texture;
export type Format = "bytes" | "half" | "half1";

interface Program {
  handle: WebGLProgram;
  uniforms: Map<string, { place: WebGLUniformLocation; type: number }>;
}

export class Gpu {
  readonly gl: WebGL2RenderingContext;
  private programs = new Map<string, Program>();
  private targets = new Map<string, { texture: Texture; format: Format; frame: WebGLFramebuffer }>();

  /** Throws an Error with a sentence for the user when the browser has no WebGL2. */
  constructor(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false, stencil: false });
    if (!gl) throw new Error("This browser has no WebGL 2. Use a current browser, or update it.");
    const half =
      gl.getExtension("EXT_color_buffer_float") ?? gl.getExtension("EXT_color_buffer_half_float");
    if (!half && !gl.isContextLost()) {
      throw new Error("This graphics driver cannot draw to float textures. Update the browser.");
    }
    this.gl = gl;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.bindVertexArray(gl.createVertexArray());
  }

  get largest(): number {
    return this.gl.getParameter(this.gl.MAX_TEXTURE_SIZE);
  }

  texture(filter: "nearest" | "linear" | "mipmap" = "nearest"): Texture {
    const { gl } = this;
    const handle = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, handle);
    const small = { nearest: gl.NEAREST, linear: gl.LINEAR, mipmap: gl.LINEAR_MIPMAP_LINEAR };
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, small[filter]);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter === "nearest" ? gl.NEAREST : gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return { handle, height: 0, width: 0 };
  }

  /** A picture, video frame or canvas. */
  upload(texture: Texture, source: TexImageSource, size: Size, mipmap = false): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, texture.handle);
    if (texture.height === size.height && texture.width === size.width) {
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, gl.RGBA, gl.UNSIGNED_BYTE, source);
    } else {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
      Object.assign(texture, size);
    }
    if (mipmap) gl.generateMipmap(gl.TEXTURE_2D);
  }

  /** Numbers: float32 with four or one channel, or RGBA bytes. */
  data(texture: Texture, values: Float32Array | Uint8Array, size: Size): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, texture.handle);
    const one = values.length === size.height * size.width;
    const bytes = values instanceof Uint8Array;
    const inside = bytes ? gl.RGBA8 : one ? gl.R32F : gl.RGBA32F;
    const type = bytes ? gl.UNSIGNED_BYTE : gl.FLOAT;
    const order = one ? gl.RED : gl.RGBA;
    gl.texImage2D(gl.TEXTURE_2D, 0, inside, size.width, size.height, 0, order, type, values);
    Object.assign(texture, { height: size.height, width: size.width });
  }

  /** Draws one pass into the named target, made on first use; returns its texture. */
  pass(
    name: string,
    shader: string,
    size: Size,
    format: Format,
    uniforms: Record<string, Uniform>,
  ): Texture {
    const target = this.target(name, size, format);
    this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, target.frame);
    this.draw(shader, size, { target: [size.width, size.height], ...uniforms });
    return target.texture;
  }

  screen(shader: string, size: Size, uniforms: Record<string, Uniform>): void {
    this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, null);
    this.draw(shader, size, uniforms);
  }

  /** The bytes (RGBA) of a "bytes" target, without stopping the GPU's queue. */
  async read(name: string): Promise<Uint8Array> {
    const { gl } = this;
    const { texture, frame } = this.targets.get(name)!;
    const { height, width } = texture;
    const buffer = gl.createBuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, 4 * height * width, gl.STREAM_READ);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    await this.finished();
    const bytes = new Uint8Array(4 * height * width);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, bytes);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.deleteBuffer(buffer);
    return bytes;
  }

  /** Resolves when the GPU has done all that it was given so far. */
  async finished(): Promise<void> {
    const { gl } = this;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (!fence) throw new Error(LOST);
    gl.flush();
    const began = performance.now();
    while (gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED) {
      await (performance.now() - began < EAGER ? soon() : later());
    }
    gl.deleteSync(fence);
    if (gl.isContextLost()) throw new Error(LOST);
  }

  private target(name: string, size: Size, format: Format) {
    const { gl } = this;
    const known = this.targets.get(name);
    const { height, width } = known?.texture ?? { height: 0, width: 0 };
    if (known && height === size.height && width === size.width) return known;
    if (known) {
      gl.deleteTexture(known.texture.handle);
      gl.deleteFramebuffer(known.frame);
    }
    const texture = this.texture("linear");
    const inside = { bytes: gl.RGBA8, half: gl.RGBA16F, half1: gl.R16F }[format];
    gl.texStorage2D(gl.TEXTURE_2D, 1, inside, size.width, size.height);
    Object.assign(texture, { height: size.height, width: size.width });
    const frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture.handle, 0);
    const target = { texture, format, frame };
    this.targets.set(name, target);
    return target;
  }

  private draw(shader: string, size: Size, uniforms: Record<string, Uniform>): void {
    const { gl } = this;
    const program = this.program(shader);
    gl.useProgram(program.handle);
    let unit = 0;
    for (const [name, { place, type }] of program.uniforms) {
      const value = uniforms[name];
      if (value === undefined) throw new Error(`the pass lacks ${name}`);
      if (type === gl.SAMPLER_2D) {
        gl.activeTexture(gl.TEXTURE0 + unit);
        gl.bindTexture(gl.TEXTURE_2D, (value as Texture).handle);
        gl.uniform1i(place, unit++);
      } else set(gl, place, type, value as number | boolean | number[]);
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.viewport(0, 0, size.width, size.height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private program(fragment: string): Program {
    const known = this.programs.get(fragment);
    if (known) return known;
    const { gl } = this;
    const handle = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(kind);
      if (!shader) throw new Error(LOST);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(handle, shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
        throw new Error(`A shader failed: ${gl.getShaderInfoLog(shader)}`);
      }
    }
    gl.linkProgram(handle);
    const uniforms: Program["uniforms"] = new Map();
    const count = gl.getProgramParameter(handle, gl.ACTIVE_UNIFORMS) ?? 0;
    for (let i = 0; i < count; i++) {
      const { name, type } = gl.getActiveUniform(handle, i)!;
      uniforms.set(name, { place: gl.getUniformLocation(handle, name)!, type });
    }
    const program = { handle, uniforms };
    this.programs.set(fragment, program);
    return program;
  }
}

export const LOST = "The graphics card was lost.";

function set(
  gl: WebGL2RenderingContext,
  place: WebGLUniformLocation,
  type: number,
  value: number | boolean | number[],
): void {
  if (type === gl.FLOAT) gl.uniform1f(place, value as number);
  else if (type === gl.INT || type === gl.BOOL) gl.uniform1i(place, Number(value));
  else if (type === gl.INT_VEC2) gl.uniform2iv(place, value as number[]);
  else if (type === gl.FLOAT_VEC2) gl.uniform2fv(place, value as number[]);
  else if (type === gl.FLOAT_VEC3) gl.uniform3fv(place, value as number[]);
  else if (type === gl.FLOAT_VEC4) gl.uniform4fv(place, value as number[]);
  else gl.uniformMatrix3fv(place, false, value as number[]);
}

// milliseconds; a GPU that takes longer may be a program that needs the processor for itself
const EAGER = 3;
const later = () => new Promise<void>((done) => setTimeout(done, 1));

/** The next turn of the event loop; timers are held back to 4 ms, messages are not. */
const channel = new MessageChannel();
const turns: (() => void)[] = [];
channel.port1.onmessage = () => turns.shift()!();

function soon(): Promise<void> {
  return new Promise((done) => {
    turns.push(done);
    channel.port2.postMessage(0);
  });
}
