/**
 * Foreground and background colours, coarse to fine: image = alpha F + (1 - alpha) B.
 *
 * The blur fusion of Forte and Pitie 2021, "Approximate Fast Foreground Colour Estimation", run over
 * a pyramid as in Germer et al. 2020, "Fast Multi-Level Foreground Estimation".
 */
import { boxMean, plane, resizeArea, resizeLinear, type Plane } from "./planes";

export interface Layers {
  /** Three planes each, 0 to 255. */
  fore: Plane[];
  back: Plane[];
}

/** Both layers' smooth colours. `image`: three planes, 0 to 255. `alpha`: [0, 1]. */
export function solveLayers(image: Plane[], alpha: Plane): Layers {
  const sizes: [number, number][] = [[alpha.height, alpha.width]];
  while (Math.max(...sizes[sizes.length - 1]) > 12) {
    const [height, width] = sizes[sizes.length - 1];
    sizes.push([(height + 1) >> 1, (width + 1) >> 1]);
  }
  let layers: Layers | null = null;
  for (const [height, width] of sizes.reverse()) {
    const a = resizeArea(alpha, height, width);
    const colours = image.map((channel) => rounded(resizeArea(channel, height, width)));
    layers = layers
      ? {
          fore: layers.fore.map((channel) => resizeLinear(channel, height, width)),
          back: layers.back.map((channel) => resizeLinear(channel, height, width)),
        }
      : {
          fore: meanColour(colours, a, (value) => value ** 8),
          back: meanColour(colours, a, (value) => (1 - value) ** 8),
        };
    const iterations = Math.max(height, width) <= 32 ? 10 : 2;
    fuse(colours, a, layers, iterations);
  }
  return { fore: layers!.fore.map(rounded), back: layers!.back.map(rounded) };
}

function fuse(colours: Plane[], alpha: Plane, layers: Layers, iterations: number): void {
  const foreWeight = weights(alpha, (value) => value * value);
  const backWeight = weights(alpha, (value) => (1 - value) * (1 - value));
  for (let n = 0; n < iterations; n++) {
    for (let c = 0; c < 3; c++) {
      const fore = weightedMean(layers.fore[c], foreWeight);
      const back = weightedMean(layers.back[c], backWeight);
      for (let i = 0; i < alpha.data.length; i++) {
        const a = alpha.data[i];
        const b = 1 - a;
        const rest = colours[c].data[i] - a * fore.data[i] - b * back.data[i];
        const norm = 1 / (a * a + b * b);
        fore.data[i] = level(fore.data[i] + a * norm * rest);
        back.data[i] = level(back.data[i] + b * norm * rest);
      }
      layers.fore[c] = fore;
      layers.back[c] = back;
    }
  }
}

interface Weights {
  weight: Plane;
  sum: Plane;
}

function weights(alpha: Plane, of: (a: number) => number): Weights {
  const weight = plane(alpha.height, alpha.width);
  for (let i = 0; i < weight.data.length; i++) weight.data[i] = of(alpha.data[i]) + 1e-4;
  return { weight, sum: boxMean(weight, 1) };
}

function weightedMean(colour: Plane, { weight, sum }: Weights): Plane {
  const product = plane(colour.height, colour.width);
  for (let i = 0; i < product.data.length; i++) {
    product.data[i] = colour.data[i] * weight.data[i];
  }
  const mean = boxMean(product, 1);
  for (let i = 0; i < mean.data.length; i++) mean.data[i] /= sum.data[i];
  return mean;
}

function meanColour(colours: Plane[], alpha: Plane, of: (a: number) => number): Plane[] {
  return colours.map((channel) => {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < channel.data.length; i++) {
      const weight = of(alpha.data[i]);
      sum += channel.data[i] * weight;
      total += weight;
    }
    const out = plane(channel.height, channel.width);
    out.data.fill(sum / Math.max(total, 1e-30));
    return out;
  });
}

const level = (value: number) => Math.min(Math.max(value, 0), 255);

function rounded(source: Plane): Plane {
  const out = plane(source.height, source.width);
  for (let i = 0; i < out.data.length; i++) out.data[i] = Math.round(source.data[i]);
  return out;
}
