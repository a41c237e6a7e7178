/** Backgrounds: the supplied ones by name, the user's own picture or video. */
import type { Scene } from "../gpu/look";
import type { Settings } from "../settings";
import { openPicture, openVideo } from "./picture";
import { forget, recall, remember } from "./remember";

export interface Supplied {
  name: string;
  file: string;
}

const LONGEST = 2048;
const OWN = "own-background";

export class Scenes {
  private pictures = new Map<string, Scene & { kind: "picture" }>();
  private own: (Scene & { kind: "picture" }) | null = null;

  constructor(private supplied: Supplied[]) {}

  get hasOwn(): boolean {
    return this.own !== null;
  }

  get names(): string[] {
    const own = this.own ? ["own"] : [];
    return ["none", "blur", "colour", ...this.supplied.map(({ name }) => name), ...own];
  }

  /** The background chosen; the blur until a picture has come. */
  get({ background, blur, colour }: Settings): Scene {
    if (background === "none") return { kind: "none" };
    if (background === "colour") return { kind: "colour", rgb: rgb(colour) };
    const picture = background === "own" ? this.own : this.pictures.get(background);
    return picture ?? { kind: "blur", share: blur / 100 };
  }

  /** Loads a supplied picture, once. */
  async load(name: string): Promise<void> {
    const entry = this.supplied.find((one) => one.name === name);
    if (!entry || this.pictures.has(name)) return;
    const response = await fetch(entry.file);
    if (!response.ok) throw new Error(`failed to fetch ${entry.file}`);
    const { bitmap, size } = await openPicture(await response.blob(), LONGEST);
    this.pictures.set(name, { kind: "picture", source: bitmap, size, moving: false });
  }

  /** The user's own picture or video; a picture is remembered in this browser. */
  async setOwn(file: Blob): Promise<void> {
    if (file.type.startsWith("video/")) {
      const video = await openVideo(file);
      const size = { height: video.videoHeight, width: video.videoWidth };
      this.replaceOwn({ kind: "picture", source: video, size, moving: true });
      await forget(OWN);
      return;
    }
    const { bitmap, size } = await openPicture(file, LONGEST);
    this.replaceOwn({ kind: "picture", source: bitmap, size, moving: false });
    await remember(OWN, file);
  }

  async recallOwn(): Promise<boolean> {
    const file = await recall(OWN);
    if (!file) return false;
    const { bitmap, size } = await openPicture(file, LONGEST);
    this.replaceOwn({ kind: "picture", source: bitmap, size, moving: false });
    return true;
  }

  private replaceOwn(scene: Scene & { kind: "picture" }): void {
    const old = this.own?.source;
    if (old instanceof HTMLVideoElement) {
      old.pause();
      URL.revokeObjectURL(old.src);
    } else if (old instanceof ImageBitmap) old.close();
    this.own = scene;
  }
}

export function rgb(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}
