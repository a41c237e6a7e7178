/**
 * Guided upsampling, the part at the network's grid: per grid pixel an affine model of alpha in
 * colour, alpha = a . rgb + b, which the shader interpolates and applies to the full-size picture.
 *
 * He, Sun and Tang 2013, "Guided Image Filtering"; He and Sun 2015, "Fast Guided Filter". The
 * offset gives the small alpha back exactly at the grid; slopes are zero away from the soft edge.
 */
import { boxMean, dilate, erode, map, multiply, plane, type Plane } from "./planes";

const RADIUS = 1;
const REACH = 4;
const EPS = 3e-4;
const SNAP = 0.01;
const TRUST = 0.5;
const SOLID = 0.02;

/** Red, green and blue in [0, 1]. */
export type Guide = [Plane, Plane, Plane];

/** RGBA bytes as three planes in [0, 1]. */
export function toGuide(rgba: Uint8Array, height: number, width: number): Guide {
  const planes: Guide = [plane(height, width), plane(height, width), plane(height, width)];
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) planes[c].data[i] = rgba[4 * i + c] / 255;
  }
  return planes;
}

/**
 * The affine models, interleaved: a_red, a_green, a_blue, b for each grid pixel, for colours in
 * [0, 1]. An alpha of zeros gives models of zeros.
 */
export function guidedModel(coarse: Plane, guide: Guide): Float32Array {
  let alpha = snapped(coarse);
  const model = new Float32Array(4 * alpha.data.length);
  if (!softBand(alpha, Math.max(RADIUS, REACH)).data.some((value) => value > 0)) {
    alpha.data.forEach((value, i) => (model[4 * i + 3] = value));
    return model;
  }
  const moved = plainFilter(guide, alpha);
  const mixed = map(alpha, (value) => value);
  mixed.data.forEach((value, i) => (mixed.data[i] = value + (1 - TRUST) * (moved.data[i] - value)));
  alpha = snapped(mixed);
  const [red, green, blue] = localModels(guide, alpha, RADIUS, softBand(alpha, RADIUS));
  for (let i = 0; i < alpha.data.length; i++) {
    const a = [red.data[i], green.data[i], blue.data[i]];
    model[4 * i] = a[0];
    model[4 * i + 1] = a[1];
    model[4 * i + 2] = a[2];
    model[4 * i + 3] =
      alpha.data[i] -
      (a[0] * guide[0].data[i] + a[1] * guide[1].data[i] + a[2] * guide[2].data[i]);
  }
  return model;
}

/** Alpha with what is almost 0 or 1 made exactly so. */
function snapped(alpha: Plane): Plane {
  return map(alpha, (value) => {
    const low = 2 * (value - SNAP);
    const high = 2 * (value + SNAP) - 1;
    return Math.min(Math.max(Math.max(Math.min(value, low), high), 0), 1);
  });
}

/** 1 in the pixels that have a soft or an edge pixel in their neighbourhood, else 0. */
function softBand(alpha: Plane, radius: number): Plane {
  const most = dilate(alpha, radius);
  const least = erode(alpha, radius);
  const band = plane(alpha.height, alpha.width);
  for (let i = 0; i < band.data.length; i++) {
    band.data[i] = most.data[i] > SOLID && least.data[i] < 1 - SOLID ? 1 : 0;
  }
  return band;
}

function localModels(guide: Guide, alpha: Plane, radius: number, band: Plane): Plane[] {
  const mean = (source: Plane) => boxMean(source, radius).data;
  const [r, g, b] = guide;
  const [mr, mg, mb, ma] = [r, g, b, alpha].map(mean);
  const [rr, gg, bb] = [r, g, b].map((colour) => mean(multiply(colour, colour)));
  const [rg, rb, gb] = [mean(multiply(r, g)), mean(multiply(r, b)), mean(multiply(g, b))];
  const [ra, ga, ba] = [r, g, b].map((colour) => mean(multiply(colour, alpha)));
  const out = [0, 1, 2, 3].map(() => plane(alpha.height, alpha.width));
  for (let i = 0; i < alpha.data.length; i++) {
    if (band.data[i] === 0) {
      out[3].data[i] = ma[i];
      continue;
    }
    const vrr = rr[i] - mr[i] * mr[i] + EPS;
    const vgg = gg[i] - mg[i] * mg[i] + EPS;
    const vbb = bb[i] - mb[i] * mb[i] + EPS;
    const vrg = rg[i] - mr[i] * mg[i];
    const vrb = rb[i] - mr[i] * mb[i];
    const vgb = gb[i] - mg[i] * mb[i];
    const cr = ra[i] - mr[i] * ma[i];
    const cg = ga[i] - mg[i] * ma[i];
    const cb = ba[i] - mb[i] * ma[i];
    // (covariance + eps)^-1 . c, by the adjugate of the symmetric 3x3 matrix
    const krr = vgg * vbb - vgb * vgb;
    const kgg = vrr * vbb - vrb * vrb;
    const kbb = vrr * vgg - vrg * vrg;
    const krg = vgb * vrb - vrg * vbb;
    const krb = vrg * vgb - vgg * vrb;
    const kgb = vrb * vrg - vrr * vgb;
    const inverse = 1 / (vrr * krr + vrg * krg + vrb * krb);
    const ar = (krr * cr + krg * cg + krb * cb) * inverse;
    const ag = (krg * cr + kgg * cg + kgb * cb) * inverse;
    const ab = (krb * cr + kgb * cg + kbb * cb) * inverse;
    out[0].data[i] = ar;
    out[1].data[i] = ag;
    out[2].data[i] = ab;
    out[3].data[i] = ma[i] - (ar * mr[i] + ag * mg[i] + ab * mb[i]);
  }
  return out.map((values) => boxMean(values, radius));
}

/** He, Sun and Tang's own guided filter at the grid: it moves edges to the nearest colour edge. */
function plainFilter(guide: Guide, alpha: Plane): Plane {
  const [red, green, blue, offset] = localModels(guide, alpha, REACH, softBand(alpha, REACH));
  const out = plane(alpha.height, alpha.width);
  for (let i = 0; i < out.data.length; i++) {
    const value =
      red.data[i] * guide[0].data[i] +
      green.data[i] * guide[1].data[i] +
      blue.data[i] * guide[2].data[i] +
      offset.data[i];
    // its windows hold both sides of the edge, which greys them; some contrast undoes that
    out.data[i] = Math.min(Math.max(1.3 * value - 0.15, 0), 1);
  }
  return out;
}
