import { expect, test } from "vitest";
import { coverRectangle } from "../src/gpu/look";
import { fit, toInput } from "../src/matting/grid";
import { boxMean, dilate, plane, resizeArea, resizeLinear } from "../src/matting/planes";
import { clockTime } from "../src/media/recorder";
import { rgb } from "../src/media/scenes";
import { asProblem, cameraProblem, Problem } from "../src/problem";
import { DEFAULTS, parse } from "../src/settings";
import { fileName } from "../src/ui/results";

test("settings survive", () => {
  const mine = { ...DEFAULTS, background: "beach", colour: "#112233", mirror: false, theme: "light" };
  expect(parse(JSON.stringify(mine))).toEqual(mine);
});

test.each([null, "", "{", "null", "[]", '"text"'])("damaged settings %s are the defaults", (text) => {
  expect(parse(text)).toEqual(DEFAULTS);
});

test("foreign values are the defaults", () => {
  const stored = { mirror: "yes", theme: "pink", facing: "up", colour: "red", blur: 99, extra: 1 };
  expect(parse(JSON.stringify(stored))).toEqual({ ...DEFAULTS, blur: 6 });
});

test("a picture covers the frame, its centre kept", () => {
  const wide = coverRectangle({ height: 100, width: 400 }, { height: 100, width: 100 });
  expect(wide).toEqual([0.25, 1, 0.375, 0]);
  const tall = coverRectangle({ height: 400, width: 100 }, { height: 50, width: 100 });
  expect(tall).toEqual([1, 0.125, 0, 0.4375]);
});

test("input is normalised", () => {
  const input = toInput(Uint8Array.of(0, 128, 255, 255), [0.5, 0.5, 0.5], [0.5, 0.25, 1]);
  expect([...input].map((value) => value.toFixed(3))).toEqual(["-1.000", "0.008", "0.500"]);
});

test("mean and extremes of a neighbourhood", () => {
  const source = plane(3, 3, Float32Array.of(0, 0, 0, 0, 9, 0, 0, 0, 0));
  expect(boxMean(source, 1).data[4]).toBeCloseTo(1, 5);
  expect(boxMean(source, 1).data[0]).toBeCloseTo(4, 5); // mirrored at the edge, without repeating it
  expect([...dilate(source, 1).data]).toEqual(Array(9).fill(9));
  const corner = plane(3, 4, Float32Array.of(7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  expect([...dilate(corner, 1).data]).toEqual([7, 7, 0, 0, 7, 7, 0, 0, 0, 0, 0, 0]);
  // a window wider than the plane sees the corner more than once
  expect(boxMean(corner, 2).data[0]).toBeCloseTo((7 * 1) / 25, 5);
  expect(boxMean(corner, 2).data[10]).toBeCloseTo((7 * 2) / 25, 5);
});

test("resizing keeps the mean and the centre", () => {
  const source = plane(4, 6, Float32Array.from({ length: 24 }, (_, i) => i));
  const small = resizeArea(source, 2, 3);
  expect([...small.data]).toEqual([3.5, 5.5, 7.5, 15.5, 17.5, 19.5]);
  const odd = resizeArea(source, 3, 4);
  expect(odd.data.reduce((a, b) => a + b) / 12).toBeCloseTo(11.5, 4);
  const large = resizeLinear(plane(1, 2, Float32Array.of(0, 1)), 1, 4);
  expect([...large.data]).toEqual([0, 0.25, 0.75, 1]);
  expect(fit({ height: 3, width: 1000 }, 0.01)).toEqual({ height: 1, width: 10 });
});

test.each([
  ["NotAllowedError", "refused"],
  ["NotFoundError", "No camera"],
  ["NotReadableError", "busy"],
])("camera problem %s", (name, words) => {
  const problem = cameraProblem(new DOMException("x", name));
  expect(problem.title).toContain(words);
  expect(problem.remedy).toContain("photo");
});

test("every error has a way on", () => {
  const known = new Problem("A.", "B.");
  expect(asProblem(known)).toBe(known);
  expect(asProblem(new TypeError("Failed to fetch")).remedy).toContain("connection");
  expect(asProblem("odd").remedy).toContain("odd");
});

test("names, times and colours", () => {
  expect(fileName(new Date(Date.UTC(2026, 0, 31, 12, 0, 59)), "png")).toBe("pocketmatte-2026-01-31-12-00-59.png");
  expect(clockTime(61_900)).toBe("1:01");
  expect(rgb("#2e7d6b")).toEqual([46, 125, 107]);
});
