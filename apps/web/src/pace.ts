/** Frames a second and milliseconds per stage, smoothed over about a second. */
import type { Size } from "./matting/grid";

export interface Figures {
  fps: number;
  stages: Record<string, number>;
  device: string;
  picture: Size;
  grid: Size;
}

const FRAMES = 30;

export class Clock {
  readonly stages: Record<string, number> = {};
  private last = performance.now();

  mark(stage: string): void {
    const now = performance.now();
    this.stages[stage] = now - this.last;
    this.last = now;
  }

  add(stage: string, milliseconds: number): void {
    this.stages[stage] = milliseconds;
  }

  /** Counts a part of a stage as a stage of its own. */
  part(stage: string, name: string, milliseconds: number): void {
    this.stages[name] = milliseconds;
    this.stages[stage] -= milliseconds;
  }

  skip(): void {
    this.last = performance.now();
  }
}

export class Pace {
  device = "";
  private ends: number[] = [];
  private mean: Record<string, number> = {};

  reset(): void {
    this.ends = [];
    this.mean = {};
  }

  clock(): Clock {
    return new Clock();
  }

  figures(clock: Clock, picture: Size, grid: Size): Figures {
    this.ends.push(performance.now());
    if (this.ends.length > FRAMES) this.ends.shift();
    for (const [stage, value] of Object.entries(clock.stages)) {
      const before = this.mean[stage] ?? value;
      // compiling makes the first frame slow: the first few count alike, so it is soon forgotten
      this.mean[stage] = before + (value - before) / Math.min(this.ends.length, 10);
    }
    const span = this.ends[this.ends.length - 1] - this.ends[0];
    const fps = span > 0 ? (1000 * (this.ends.length - 1)) / span : 0;
    return { fps, stages: { ...this.mean }, device: this.device, picture, grid };
  }
}
