/** The page: settings, controls and keys on one side, the session on the other. */
import type { HarmonizerCard, NetworkCard, Prefer } from "./engine/messages";
import { listCameras } from "./media/camera";
import { Recording } from "./media/recorder";
import { Scenes, type Supplied } from "./media/scenes";
import { keepOffline } from "./offline";
import { asProblem } from "./problem";
import { Session, smoothness, type State, type Wishes } from "./session";
import { load, save, type Settings } from "./settings";
import { showCover } from "./ui/cover";
import { byId, make } from "./ui/dom";
import { watchFiles } from "./ui/files";
import { showFigures } from "./ui/figures";
import { commandOf, type Command } from "./ui/keys";
import { fileName, Results } from "./ui/results";
import { Swatches } from "./ui/swatches";
import { followTheme } from "./ui/theme";

export interface Listing {
  networks: NetworkCard[];
  harmonizer: HarmonizerCard;
  backgrounds: Supplied[];
}

const CHECKS = [
  "colorTransfer",
  "harmonize",
  "lightWrap",
  "smoothStep",
  "matteOnly",
  "mirror",
  "steady",
  "showFigures",
] as const;
type Check = (typeof CHECKS)[number];

export class Page {
  private settings: Settings = load();
  private scenes: Scenes;
  private session: Session;
  private swatches: Swatches;
  private results = new Results();
  private recording: Recording | null = null;
  private engineFiles: string[] = [];

  constructor(
    private listing: Listing,
    private base: string,
    prefer: Prefer,
  ) {
    this.scenes = new Scenes(listing.backgrounds);
    const canvas = byId<HTMLCanvasElement>("view");
    this.session = new Session(canvas, () => this.wishes(), base, prefer);
    this.swatches = new Swatches(listing.backgrounds, (name) => void this.choose(name));
    this.session.onState = (state) => this.follow(state);
    this.session.onFigures = (figures) => {
      if (this.settings.showFigures) showFigures(figures, this.session.state.kind === "live");
    };
    this.session.onNotice = (text) => this.say(text);
    this.session.onDiscord = (error) => {
      void this.change({ harmonize: false }, null);
      this.say(`Harmonise was switched off: ${asProblem(error).message}`);
    };
    this.session.onStarted = (started) => {
      this.say(`The network runs on ${started.device}.`);
      this.engineFiles = started.files;
      this.keep();
    };
  }

  async begin(): Promise<void> {
    this.wire();
    if (!this.card) this.settings.preset = this.listing.networks[0].name;
    if (this.settings.background === "own") await this.scenes.recallOwn().catch(() => false);
    const known = this.scenes.names.includes(this.settings.background);
    if (!known) this.settings.background = "blur";
    await this.scenes.load(this.settings.background);
    this.show();
    this.follow(this.session.state);
  }

  private get card(): NetworkCard | undefined {
    return this.listing.networks.find(({ name }) => name === this.settings.preset);
  }

  private wishes(): Wishes {
    const { smoothStep, colorTransfer, harmonize, lightWrap, matteOnly, mirror, steady } = this.settings;
    const scene = this.scenes.get(this.settings);
    return {
      card: this.card!,
      harmonizer: this.listing.harmonizer,
      look: { scene, smoothStep, colorTransfer, harmonize, lightWrap, matteOnly },
      mirror,
      smooth: smoothness(steady),
    };
  }

  private wire(): void {
    document.addEventListener("click", (event) => {
      const action = (event.target as HTMLElement).closest<HTMLElement>("[data-do]")?.dataset.do;
      if (action) void this.act(action);
    });
    document.addEventListener("keydown", (event) => {
      const command = commandOf(event);
      if (!command || event.repeat) return;
      event.preventDefault();
      void this.command(command);
    });
    for (const name of CHECKS) {
      byId<HTMLInputElement>(name).onchange = ({ target }) =>
        void this.set(name, (target as HTMLInputElement).checked);
    }
    byId<HTMLInputElement>("colour").oninput = ({ target }) => {
      this.settings.colour = (target as HTMLInputElement).value;
      void this.choose("colour");
    };
    byId<HTMLInputElement>("blur").oninput = ({ target }) => {
      this.settings.blur = Number((target as HTMLInputElement).value);
      void this.choose("blur");
    };
    byId<HTMLSelectElement>("preset").onchange = ({ target }) => {
      void this.change({ preset: (target as HTMLSelectElement).value }, "matte");
      if (this.engineFiles.length) this.keep();
    };
    byId<HTMLSelectElement>("camera").onchange = ({ target }) => {
      void this.change({ camera: (target as HTMLSelectElement).value }, null);
      void this.useCamera();
    };
    followTheme(this.settings.theme, (theme) => void this.change({ theme }, null));
    watchFiles({
      photo: (file) => void this.usePhoto(file),
      own: (file) => void this.useOwn(file),
    });
    document.addEventListener("fullscreenchange", () => this.show());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.showCameras());
  }

  private async act(action: string): Promise<void> {
    if (action === "open") byId<HTMLInputElement>("photo-file").click();
    else if (action === "own") byId<HTMLInputElement>("own-file").click();
    else if (action === "turn") await this.turnCamera();
    else if (action === "camera") {
      if (this.session.state.kind === "live") this.session.stop();
      else await this.useCamera();
    } else await this.command(action as Command);
  }

  private async command(command: Command): Promise<void> {
    if (command === "next" || command === "previous") {
      const names = this.scenes.names;
      const step = command === "next" ? 1 : names.length - 1;
      await this.choose(names[(names.indexOf(this.settings.background) + step) % names.length]);
    } else if (command === "blur") await this.choose("blur");
    else if (command === "plain") {
      const none = { colorTransfer: false, harmonize: false, lightWrap: false, smoothStep: false };
      await this.change(none, "draw");
    } else if (command === "fullscreen") await this.fullScreen();
    else if (command === "picture") await this.takePicture();
    else if (command === "record") await this.record();
    else await this.set(command, !this.settings[command]);
  }

  private async set(name: Check, value: boolean): Promise<void> {
    if (name === "harmonize" && value && !(await this.loadHarmonizer())) return this.show();
    await this.change({ [name]: value }, "draw");
    if (name === "harmonize" && this.engineFiles.length) this.keep();
  }

  private async loadHarmonizer(): Promise<boolean> {
    try {
      await this.session.loadHarmonizer();
    } catch (error) {
      this.say(asProblem(error).message);
      return false;
    }
    return true;
  }

  private async choose(background: string): Promise<void> {
    byId("backgrounds").ariaBusy = "true";
    try {
      await this.scenes.load(background);
      await this.change({ background }, "draw");
    } catch (error) {
      this.say(asProblem(error).message);
      this.show();
    }
    byId("backgrounds").ariaBusy = "false";
  }

  private async change(values: Partial<Settings>, again: "draw" | "matte" | null): Promise<void> {
    Object.assign(this.settings, values);
    save(this.settings);
    this.show();
    if (again) await this.session.changed(again);
  }

  private async useCamera(): Promise<void> {
    const { camera, facing } = this.settings;
    await this.session.useCamera(camera, facing);
  }

  private async turnCamera(): Promise<void> {
    const facing = this.settings.facing === "user" ? "environment" : "user";
    await this.change({ facing, camera: "", mirror: facing === "user" }, null);
    await this.useCamera();
  }

  private async usePhoto(file: File): Promise<void> {
    const picture = await this.session.usePhoto(file);
    const from = picture?.reducedFrom;
    if (from) {
      const { width, height } = picture.size;
      this.say(`The photo of ${from.width}×${from.height} was reduced to ${width}×${height}.`);
    }
  }

  private async useOwn(file: File): Promise<void> {
    try {
      await this.scenes.setOwn(file);
      await this.change({ background: "own" }, "draw");
    } catch (error) {
      this.say(asProblem(error).message);
    }
  }

  private async takePicture(): Promise<void> {
    if (!this.shows) return;
    try {
      this.results.add(await this.session.picture(), fileName(new Date(), "png"));
      this.say("Picture taken.");
    } catch (error) {
      this.say(asProblem(error).message);
    }
  }

  private async record(): Promise<void> {
    if (this.recording) return this.stopRecording();
    if (this.session.state.kind !== "live") return;
    try {
      this.recording = new Recording(this.session.canvas, (time) => {
        byId("recorded").textContent = time;
      });
      this.say("Recording.");
    } catch (error) {
      this.say(asProblem(error).message);
    }
    this.show();
  }

  private async stopRecording(): Promise<void> {
    const recording = this.recording!;
    this.recording = null;
    const blob = await recording.stop();
    this.show();
    if (blob.size === 0) return this.say("Nothing was recorded. Record for longer.");
    this.results.add(blob, fileName(new Date(), blob.type === "video/mp4" ? "mp4" : "webm"));
    this.say("Recording finished.");
  }

  private async fullScreen(): Promise<void> {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await byId("frame").requestFullscreen();
    } catch {
      this.say("This browser has no full screen here.");
    }
  }

  private get shows(): boolean {
    return this.session.state.kind === "live" || this.session.state.kind === "photo";
  }

  private follow(state: State): void {
    showCover(state);
    if (state.kind === "problem") this.say(state.problem.title);
    if (state.kind !== "live" && this.recording) void this.stopRecording();
    if (state.kind === "live") void this.showCameras();
    this.show();
  }

  private show(): void {
    const { settings } = this;
    for (const name of CHECKS) byId<HTMLInputElement>(name).checked = settings[name];
    this.swatches.show(this.scenes.names, settings.background, settings.colour);
    byId<HTMLInputElement>("colour").value = settings.colour;
    byId<HTMLInputElement>("blur").value = String(settings.blur);
    byId("colour-line").hidden = settings.background !== "colour";
    byId("blur-line").hidden = settings.background !== "blur";
    const presets = this.listing.networks.map(({ name, bytes }) =>
      make("option", { value: name, textContent: `${name} (${(bytes / 1e6).toFixed(1)} MB)` }),
    );
    byId("preset").replaceChildren(...presets);
    byId<HTMLSelectElement>("preset").value = settings.preset;
    byId("licence").textContent = `Weights of ${settings.preset}: ${this.card?.licence ?? ""}`;
    byId("view").classList.toggle("clear", settings.background === "none");
    byId("figures").hidden = !settings.showFigures || !this.shows;
    byId("recording").hidden = this.recording === null;
    const live = this.session.state.kind === "live";
    byId("camera-toggle").textContent = live ? "Stop camera" : "Camera";
    this.button("picture").disabled = !this.shows;
    this.button("record").disabled = !live;
    this.button("record").textContent = this.recording ? "Stop recording" : "Record";
    this.button("record").ariaPressed = String(this.recording !== null);
    this.button("fullscreen").textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
  }

  /** The engine and network in use, for visits without a connection. */
  private keep(): void {
    const cards = this.settings.harmonize ? [this.card!, this.listing.harmonizer] : [this.card!];
    void keepOffline(this.base, [...this.engineFiles, ...cards.map(({ file }) => this.base + file)]);
  }

  private button(action: string): HTMLButtonElement {
    return document.querySelector<HTMLButtonElement>(`#actions [data-do="${action}"]`)!;
  }

  private async showCameras(): Promise<void> {
    const cameras = await listCameras().catch(() => []);
    byId("camera-line").hidden = byId("turn").hidden = cameras.length < 2;
    byId("camera").replaceChildren(
      ...cameras.map(({ id, label }) => make("option", { value: id, textContent: label })),
    );
    byId<HTMLSelectElement>("camera").value = this.session.cameraId;
  }

  private say(text: string): void {
    byId("status").textContent = text;
  }
}
