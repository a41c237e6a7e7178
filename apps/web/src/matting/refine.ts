/**
 * Guided upsampling, the part at the network's grid: per grid pixel an affine model of alpha in
 * colour, alpha = a . rgb + b, which the shader interpolates and applies to the full-size picture.
 *
 * He, Sun and Tang 2013, "Guided Image Filtering"; He and Sun 2015, "Fast Guided Filter". The
 * offset gives the small alpha back exactly at the grid; slopes are zero away from the soft edge.
 */
import { Moments, OF } from "./moments";
import { boxMean, map, plane, type Plane } from "./planes";

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
  const wide = softBand(alpha, REACH);
  if (!wide.some((value) => value > 0)) {
    alpha.data.forEach((value, i) => (model[4 * i + 3] = value));
    return model;
  }
  const moved = plainFilter(guide, alpha, wide);
  const mixed = map(alpha, (value) => value);
  mixed.data.forEach((value, i) => (mixed.data[i] = value + (1 - TRUST) * (moved.data[i] - value)));
  alpha = snapped(mixed);
  const models = localModels(guide, alpha, RADIUS, softBand(alpha, RADIUS));
  const [red, green, blue] = models.slice(0, 3).map((values) => boxMean(values, RADIUS));
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
function softBand(alpha: Plane, radius: number): Uint8Array {
  const { height, width } = alpha;
  // two counts in one number: of what is not background, and of what is not person
  const counts = new Int32Array(height * width);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    for (let x = -radius; x < width; x++) {
      if (x + radius < width) sum += kindOf(alpha.data[y * width + x + radius]);
      if (x > radius) sum -= kindOf(alpha.data[y * width + x - radius - 1]);
      if (x >= 0) counts[y * width + x] = sum;
    }
  }
  const band = new Uint8Array(height * width);
  const sums = new Int32Array(width);
  for (let y = -radius; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (y + radius < height) sums[x] += counts[(y + radius) * width + x];
      if (y > radius) sums[x] -= counts[(y - radius - 1) * width + x];
      if (y >= 0) band[y * width + x] = sums[x] & 0xffff && sums[x] >> 16 ? 1 : 0;
    }
  }
  return band;
}

const kindOf = (alpha: number) => (alpha > SOLID ? 1 : 0) + (alpha < 1 - SOLID ? 0x10000 : 0);

/** Slopes for red, green and blue, and the offset, of the best affine model around each pixel. */
function localModels(guide: Guide, alpha: Plane, radius: number, band: Uint8Array): Plane[] {
  const { height, width } = alpha;
  const out = [0, 1, 2, 3].map(() => plane(height, width));
  const moments = new Moments(guide, alpha, radius);
  for (let y = 0; y < height; y++) {
    moments.nextRow();
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (band[i] === 0) {
        out[3].data[i] = moments.alphaAt(x);
        continue;
      }
      const m = moments.at(x);
      const vrr = m[OF.rr] - m[OF.r] * m[OF.r] + EPS;
      const vgg = m[OF.gg] - m[OF.g] * m[OF.g] + EPS;
      const vbb = m[OF.bb] - m[OF.b] * m[OF.b] + EPS;
      const vrg = m[OF.rg] - m[OF.r] * m[OF.g];
      const vrb = m[OF.rb] - m[OF.r] * m[OF.b];
      const vgb = m[OF.gb] - m[OF.g] * m[OF.b];
      const cr = m[OF.ra] - m[OF.r] * m[OF.a];
      const cg = m[OF.ga] - m[OF.g] * m[OF.a];
      const cb = m[OF.ba] - m[OF.b] * m[OF.a];
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
      out[3].data[i] = m[OF.a] - (ar * m[OF.r] + ag * m[OF.g] + ab * m[OF.b]);
    }
  }
  return out;
}

/** He, Sun and Tang's own guided filter at the grid: it moves edges to the nearest colour edge. */
function plainFilter(guide: Guide, alpha: Plane, band: Uint8Array): Plane {
  const models = localModels(guide, alpha, REACH, band);
  const [red, green, blue, offset] = models.map((values) => boxMean(values, REACH));
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
