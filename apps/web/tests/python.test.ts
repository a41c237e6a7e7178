/** The page computes what the Python package computes. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { atGrid } from "../src/engine/patch";
import { colorTransfer } from "../src/matting/color_transfer";
import { solveLayers } from "../src/matting/foreground";
import { gridSize } from "../src/matting/grid";
import { applied, carriedOut, judge, readProposals, SteadyChange, toLayers, toTone } from "../src/matting/harmony";
import { plane, resizeLinear, type Plane } from "../src/matting/planes";
import { guidedModel, toGuide } from "../src/matting/refine";
import { solidify } from "../src/matting/solidify";
import { TemporalFilter } from "../src/matting/temporal";

const said = JSON.parse(readFileSync("tests/fixtures.json", "utf8"));
const { height, width } = said.grid;
const grid = (values: number[]) => plane(height, width, Float32Array.from(values));

function rgba(rgb: number[], alpha?: number[]): Uint8Array {
  const out = new Uint8Array((rgb.length / 3) * 4).fill(255);
  for (let i = 0; i < rgb.length / 3; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = rgb[3 * i + c];
    if (alpha) out[4 * i + 3] = Math.round(alpha[i] * 255);
  }
  return out;
}

function channels(rgb: number[]): Plane[] {
  return [0, 1, 2].map((c) => grid(rgb.filter((_, i) => i % 3 === c)));
}

function apart(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  let most = 0;
  for (let i = 0; i < ours.length; i++) most = Math.max(most, Math.abs(ours[i] - theirs[i]));
  return most;
}

test("the grid follows the picture's shape", () => {
  for (const [high, wide, rows, columns] of said.grids) {
    expect(gridSize({ height: high, width: wide }, 30976, 32)).toEqual({ height: rows, width: columns });
  }
});

test("doubts are cleared", () => {
  expect(apart(solidify(grid(said.doubtful)).data, said.solidified)).toBeLessThan(2e-3);
  expect(apart(solidify(grid(said.doubtful)).data, said.doubtful)).toBeGreaterThan(0.05);
});

test("islands and holes in doubt are turned over", () => {
  const ours = solidify(grid(said.tangled), 2).data;
  expect(apart(ours, said.untangled)).toBeLessThan(2e-3);
  const turned = said.tangled.filter((a: number, i: number) => a > 0.5 !== said.untangled[i] > 0.5).length;
  expect(turned).toBeGreaterThan(20);
});

test("doubt everywhere is nobody", () => {
  const veil = solidify(grid(said.doubtful.map(() => 0.6)));
  expect(Math.max(...veil.data)).toBe(0);
});

test("guided upsampling", () => {
  const model = guidedModel(grid(said.alpha), toGuide(rgba(said.small), height, width));
  const { height: high, width: wide } = said.full;
  const parts = [0, 1, 2, 3].map((k) => resizeLinear(grid([...model].filter((_, i) => i % 4 === k)), high, wide));
  const ours = parts[3].data.map((b, i) => {
    const colour = said.image.slice(3 * i, 3 * i + 3);
    const value = b + [0, 1, 2].reduce((sum, c) => sum + (parts[c].data[i] * colour[c]) / 255, 0);
    return Math.min(Math.max(value, 0), 1);
  });
  // OpenCV interpolates with coordinates rounded to 1/32 of a pixel
  expect(apart(ours, said.upsampled)).toBeLessThan(0.06);
  const mean = ours.reduce((sum, value, i) => sum + Math.abs(value - said.upsampled[i]), 0) / ours.length;
  expect(mean).toBeLessThan(1e-3);
});

test("an empty alpha stays empty", () => {
  const model = guidedModel(plane(height, width), toGuide(rgba(said.small), height, width));
  expect(Math.max(...model)).toBe(0);
});

test("foreground and background colours", () => {
  const { fore, back } = solveLayers(channels(said.small), grid(said.alpha));
  for (const [ours, theirs] of [[fore, channels(said.fore)], [back, channels(said.back)]] as const) {
    for (let c = 0; c < 3; c++) expect(apart(ours[c].data, theirs[c].data)).toBeLessThan(4);
  }
});

test("the matte is steadied", () => {
  const filter = new TemporalFilter();
  for (const { image, alpha, expected } of said.temporal) {
    const { alpha: ours } = filter.next(grid(alpha), rgba(image), 0.85);
    expect(apart(ours.data, expected)).toBeLessThan(0.02);
  }
});

test("another picture starts anew", () => {
  const filter = new TemporalFilter();
  const { image, alpha } = said.temporal[0];
  filter.next(grid(alpha), rgba(image), 0.85);
  expect(filter.next(grid(alpha), rgba(image), 0.85).still).not.toBeNull();
  const negative = image.map((value: number) => 255 - value);
  expect(filter.next(grid(alpha), rgba(negative), 0.85).still).toBeNull();
  expect(filter.next(grid(alpha), rgba(negative), 0).still).toBeNull();
});

test("colour transfer", () => {
  const { gain, shift } = colorTransfer(rgba(said.small, said.alpha), rgba(said.wall));
  const ours: number[] = [];
  for (let i = 0; i < said.small.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      let value = 255 * shift[c];
      for (let a = 0; a < 3; a++) value += gain[3 * a + c] * said.small[i + a];
      ours.push(Math.min(Math.max(value, 0), 255));
    }
  }
  expect(apart(ours, said.transferred)).toBeLessThan(2);
  expect(apart(ours, said.small)).toBeGreaterThan(8);
});

test("the harmoniser sees both layers", () => {
  expect(apart(toLayers(rgba(said.small, said.alpha), rgba(said.wall)), said.harmony.layers)).toBeLessThan(4e-3);
});

test("a proposal changes the person as in Python", () => {
  const { cells, proposals, applied: expected, judged } = said.harmony;
  const person = rgba(said.small, said.alpha);
  const size = { height, width };
  const changes = proposals.map((raw: number[]) => readProposals(Float32Array.from(raw), cells, grid(said.alpha)));
  const steady = new SteadyChange();
  const steadied = changes.map((change: never) => steady.next(change, said.harmony.pace));
  expect(steadied[0]).toBe(changes[0]);
  const visible = (rgb: ArrayLike<number>) => Array.from(rgb).filter((_, i) => said.alpha[Math.floor(i / 3)] > 0.02);
  [...changes, steadied[1]].forEach((change, n) => {
    const ours = visible(applied(toTone(change), person, size));
    expect(apart(ours, visible(expected[n]))).toBeLessThan(5); // Python rounds to levels at every step
    expect(apart(visible(said.small), visible(expected[n]))).toBeGreaterThan(30);
  });
  changes.forEach((change: never, n: number) => expect(judge(change, person, size)).toBeCloseTo(judged[n], 0));
});

test("a proposal counts as far as it stands out from noise", () => {
  const { cells, proposals, judged, slight } = said.harmony;
  const person = rgba(said.small, said.alpha);
  const size = { height, width };
  const raw = Float32Array.from(proposals[0], (value: number) => slight * value);
  const small = readProposals(raw, cells, grid(said.alpha));
  expect(judge(small, person, size)).toBeCloseTo(judged[2], 0);
  const by = judge(small, person, size);
  expect(carriedOut(small, person, size, { noise: by + 0.01, clear: by + 1 })).toBeNull();
  expect(carriedOut(small, person, size, { noise: by - 2, clear: by - 1 })).toEqual(toTone(small));
  const half = carriedOut(small, person, size, { noise: by - 1, clear: by + 1 })!;
  expect(half.lift[0] / small.matrix[3]).toBeCloseTo(0.5, 3);
});

test("a weights file takes another grid", () => {
  const page = "../../pocketmatte/web/page";
  const { networks, harmonizer } = JSON.parse(readFileSync(`${page}/models.json`, "utf8"));
  expect(networks.length).toBeGreaterThan(0);
  for (const { name, file, patches } of [...networks, harmonizer]) {
    const patched = atGrid(new Uint8Array(readFileSync(`${page}/${file}`)), patches, { height: 192, width: 160 });
    expect(createHash("sha256").update(patched).digest("hex")).toBe(said.patched[name]);
  }
});
