import { Problem } from "../problem";

const KINDS = [
  "video/webm;codecs=vp9",
  "video/webm;codecs=vp8",
  "video/webm",
  "video/mp4", // Safari has no WebM recorder
];

/** Records what a canvas shows. */
export class Recorder {
  private recorder: MediaRecorder;
  private parts: Blob[] = [];
  private done: Promise<Blob>;

  /** Raises Problem when the browser cannot record. */
  constructor(canvas: HTMLCanvasElement, frames = 30) {
    const kind = KINDS.find((name) => globalThis.MediaRecorder?.isTypeSupported(name));
    if (!kind || !canvas.captureStream) {
      throw new Problem("This browser cannot record.", "Take a picture, or use another browser.");
    }
    const stream = canvas.captureStream(frames);
    this.recorder = new MediaRecorder(stream, { mimeType: kind, videoBitsPerSecond: 5e6 });
    this.recorder.ondataavailable = ({ data }) => this.parts.push(data);
    this.done = new Promise((done) => {
      this.recorder.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        done(new Blob(this.parts, { type: kind.split(";")[0] }));
      };
    });
    this.recorder.start(1000);
  }

  stop(): Promise<Blob> {
    if (this.recorder.state !== "inactive") this.recorder.stop();
    return this.done;
  }
}

/** A recording under way, with its clock. */
export class Recording {
  private began = performance.now();
  private timer: ReturnType<typeof setInterval>;
  private recorder: Recorder;

  constructor(canvas: HTMLCanvasElement, onTime: (time: string) => void) {
    this.recorder = new Recorder(canvas);
    onTime("0:00");
    this.timer = setInterval(() => onTime(clockTime(performance.now() - this.began)), 500);
  }

  stop(): Promise<Blob> {
    clearInterval(this.timer);
    return this.recorder.stop();
  }
}

export function clockTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
