/** GLSL of every pass. Row 0 of a texture is the picture's top row; only `screen` turns it over. */
const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
`;

export const VERTEX = `${HEAD}
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

/** Bilinear lookup, edges repeated, of textures that have no filtering (32-bit floats). */
const BILINEAR = `
vec4 bilinear(sampler2D map, vec2 place) {
  ivec2 last = textureSize(map, 0) - 1;
  vec2 corner = floor(place - 0.5);
  vec2 f = place - 0.5 - corner;
  ivec2 a = clamp(ivec2(corner), ivec2(0), last);
  ivec2 b = clamp(ivec2(corner) + 1, ivec2(0), last);
  vec4 top = mix(texelFetch(map, a, 0), texelFetch(map, ivec2(b.x, a.y), 0), f.x);
  vec4 bottom = mix(texelFetch(map, ivec2(a.x, b.y), 0), texelFetch(map, b, 0), f.x);
  return mix(top, bottom, f.y);
}`;

const FRAME = `
uniform sampler2D frame;
uniform bool mirror;
vec3 frameAt(ivec2 p) {
  int x = mirror ? textureSize(frame, 0).x - 1 - p.x : p.x;
  return texelFetch(frame, ivec2(x, p.y), 0).rgb;
}`;

/** Runs ADD(p, share) for every source pixel under this target pixel; shares sum to 1. */
const footprint = (size: string, add: string) => `
  vec2 size = vec2(${size});
  vec2 step = size / target;
  vec2 from = floor(gl_FragCoord.xy) * step;
  vec2 to = min(from + step, size);
  for (int y = int(from.y); y < int(ceil(to.y - 1e-4)); y++) {
    float down = min(float(y + 1), to.y) - max(float(y), from.y);
    for (int x = int(from.x); x < int(ceil(to.x - 1e-4)); x++) {
      float across = min(float(x + 1), to.x) - max(float(x), from.x);
      float share = down * across / (step.x * step.y);
      ivec2 p = ivec2(x, y);
      ${add}
    }
  }`;

/** The frame, area-averaged. */
export const SHRINK_FRAME = `${HEAD}${FRAME}
uniform vec2 target;
out vec4 result;
void main() {
  vec3 sum = vec3(0.0);
  ${footprint("textureSize(frame, 0)", "sum += share * frameAt(p);")}
  result = vec4(sum, 1.0);
}`;

/** Any texture, area-averaged. */
export const SHRINK = `${HEAD}
uniform sampler2D source;
uniform vec2 target;
out vec4 result;
void main() {
  vec4 sum = vec4(0.0);
  ${footprint("textureSize(source, 0)", "sum += share * texelFetch(source, p, 0);")}
  result = sum;
}`;

/** Guided upsampling: the affine models of the grid, interpolated, on the frame's own colours. */
export const ALPHA = `${HEAD}${FRAME}${BILINEAR}
uniform sampler2D model, still, past;
uniform bool steady;
out vec4 result;
void main() {
  ivec2 p = ivec2(gl_FragCoord.xy);
  vec2 unit = gl_FragCoord.xy / vec2(textureSize(frame, 0));
  vec4 m = bilinear(model, unit * vec2(textureSize(model, 0)));
  float alpha = clamp(dot(m, vec4(frameAt(p), 1.0)), 0.0, 1.0);
  if (steady) {
    float keep = bilinear(still, unit * vec2(textureSize(still, 0))).r;
    alpha = mix(alpha, texelFetch(past, p, 0).r, keep);
  }
  result = vec4(alpha, 0.0, 0.0, 1.0);
}`;

/** What stands behind, for a place in [0, 1]. Kinds: 0 nothing, 1 colour, 2 picture. */
const BACKDROP = `
uniform int kind;
uniform vec3 colour;
uniform sampler2D picture;
uniform vec4 cover;
vec3 backdrop(vec2 unit) {
  if (kind == 1) return colour;
  return kind == 2 ? texture(picture, unit * cover.xy + cover.zw).rgb : vec3(0.0);
}`;

/** The person's own colours, free of the old background. */
const FOREGROUND = `
uniform sampler2D alphaMap, difference, fore, back;
uniform bool layered;
vec3 foregroundAt(ivec2 p, float alpha) {
  vec3 image = frameAt(p);
  if (alpha >= 1.0) return image;
  vec2 unit = (vec2(p) + 0.5) / vec2(textureSize(frame, 0));
  if (!layered) {
    vec3 apart = bilinear(difference, unit * vec2(textureSize(difference, 0))).rgb;
    return clamp(image + (1.0 - alpha) * apart, 0.0, 1.0);
  }
  if (alpha >= 254.5 / 255.0) return image;
  vec2 place = unit * vec2(textureSize(fore, 0));
  vec3 front = bilinear(fore, place).rgb;
  if (alpha <= 0.5 / 255.0) return front;
  vec3 rest = image - alpha * front - (1.0 - alpha) * bilinear(back, place).rgb;
  return clamp(front + rest * alpha / (alpha * alpha + (1.0 - alpha) * (1.0 - alpha)), 0.0, 1.0);
}`;

/** Small copies for statistics: the person's colours and alpha. */
export const SHRINK_FOREGROUND = `${HEAD}${FRAME}${BILINEAR}${FOREGROUND}
uniform vec2 target;
out vec4 result;
void main() {
  vec4 sum = vec4(0.0);
  ${footprint(
    "textureSize(frame, 0)",
    "float a = texelFetch(alphaMap, p, 0).r; sum += share * vec4(foregroundAt(p, a), a);",
  )}
  result = sum;
}`;

/** The same, of sixteen pixels for each of the target's: enough for a look at a large frame. */
export const SAMPLE_FOREGROUND = `${HEAD}${FRAME}${BILINEAR}${FOREGROUND}
uniform vec2 target;
out vec4 result;
void main() {
  vec2 step = vec2(textureSize(frame, 0)) / (4.0 * target);
  vec4 sum = vec4(0.0);
  for (int y = 0; y < 4; y++) for (int x = 0; x < 4; x++) {
    ivec2 p = ivec2((floor(gl_FragCoord.xy) * 4.0 + vec2(x, y)) * step + 1e-3);
    float a = texelFetch(alphaMap, p, 0).r;
    sum += vec4(foregroundAt(p, a), a) / 16.0;
  }
  result = sum;
}`;

/** The background at any size. */
export const BACKGROUND = `${HEAD}${BACKDROP}
uniform vec2 target;
out vec4 result;
void main() { result = vec4(backdrop(gl_FragCoord.xy / target), 1.0); }`;

/** Light wrap, first step: the background's light where the person is not. */
export const LIGHT = `${HEAD}${BACKDROP}
uniform sampler2D alphaMap;
uniform vec2 target;
uniform float strength;
out vec4 result;
void main() {
  float clear = 1.0 - texelFetch(alphaMap, ivec2(gl_FragCoord.xy), 0).r;
  result = vec4(backdrop(gl_FragCoord.xy / target) * strength * clear, 1.0);
}`;

const REFLECT = `
ivec2 reflected(ivec2 p, ivec2 size) {
  ivec2 last = size - 1;
  p = abs(p);
  return clamp(last - abs(last - p), ivec2(0), last);
}`;

/** One direction of a Gaussian blur. */
export const GAUSS = `${HEAD}${REFLECT}
uniform sampler2D source;
uniform ivec2 direction;
uniform float sigma;
out vec4 result;
void main() {
  ivec2 size = textureSize(source, 0), p = ivec2(gl_FragCoord.xy);
  vec4 sum = vec4(0.0);
  float total = 0.0;
  int reach = int(ceil(4.0 * sigma));
  for (int k = -reach; k <= reach; k++) {
    float weight = exp(-float(k * k) / (2.0 * sigma * sigma));
    sum += weight * texelFetch(source, reflected(p + k * direction, size), 0);
    total += weight;
  }
  result = sum / total;
}`;

/** Blur, first step: light of the room without the person, and how much of it there is. */
export const ROOM = `${HEAD}
uniform sampler2D small, alphaMap;
out vec4 result;
void main() {
  ivec2 p = ivec2(gl_FragCoord.xy), last = textureSize(alphaMap, 0) - 1;
  float person = 0.0;
  for (int y = -1; y <= 1; y++) for (int x = -1; x <= 1; x++) {
    person = max(person, texelFetch(alphaMap, clamp(p + ivec2(x, y), ivec2(0), last), 0).r);
  }
  float weight = clamp(1.0 - 10.0 * person, 0.0, 1.0) + 1e-3;
  vec3 level = texelFetch(small, p, 0).rgb;
  result = vec4(level * level * weight, weight);
}`;

/** Blur, upwards through the pyramid: what lies behind the person is filled from around. */
export const FILL = `${HEAD}${BILINEAR}
uniform sampler2D source, around;
uniform bool deepest;
out vec4 result;
void main() {
  vec4 here = texelFetch(source, ivec2(gl_FragCoord.xy), 0);
  if (deepest) { result = vec4(here.rgb / here.a, 1.0); return; }
  vec2 unit = gl_FragCoord.xy / vec2(textureSize(source, 0));
  vec3 filled = bilinear(around, unit * vec2(textureSize(around, 0))).rgb;
  result = vec4(here.rgb + (1.0 - min(here.a, 1.0)) * filled, 1.0);
}`;

/** Blur, last step: a disc with a soft rim, as a lens makes it; light back to levels. */
export const DISC = `${HEAD}${REFLECT}
uniform sampler2D source;
uniform float radius;
out vec4 result;
void main() {
  ivec2 size = textureSize(source, 0), p = ivec2(gl_FragCoord.xy);
  vec3 sum = vec3(0.0);
  float total = 0.0;
  int reach = int(ceil(radius));
  for (int y = -reach; y <= reach; y++) for (int x = -reach; x <= reach; x++) {
    float weight = clamp(radius + 0.5 - length(vec2(x, y)), 0.0, 1.0);
    sum += weight * texelFetch(source, reflected(p + ivec2(x, y), size), 0).rgb;
    total += weight;
  }
  result = vec4(sqrt(max(sum / total, 0.0)), 1.0);
}`;

/** Colours that belong to the scene: a matrix, a tone curve, a gain map of logarithms. */
const HARMONY = `
uniform bool harmonized;
uniform mat3 tint;
uniform vec3 lift;
uniform sampler2D curve, gains;
float curved(float level) {
  float place = clamp(level, 0.0, 1.0) * float(textureSize(curve, 0).x - 1);
  int corner = min(int(place), textureSize(curve, 0).x - 2);
  float low = texelFetch(curve, ivec2(corner, 0), 0).r;
  float high = texelFetch(curve, ivec2(corner + 1, 0), 0).r;
  return clamp(mix(low, high, place - float(corner)), 0.0, 1.0);
}
vec3 inHarmony(vec3 person, vec2 unit) {
  vec3 moved = tint * person + lift;
  moved = vec3(curved(moved.r), curved(moved.g), curved(moved.b));
  return clamp(moved * exp(bilinear(gains, unit * vec2(textureSize(gains, 0))).rgb), 0.0, 1.0);
}`;

/** The composite, to the screen. */
export const SCREEN = `${HEAD}${FRAME}${BILINEAR}${FOREGROUND}${BACKDROP}${HARMONY}
uniform bool smoothed, wrapped, matteOnly;
uniform vec2 edges;
uniform mat3 gain;
uniform vec3 shift;
uniform sampler2D light;
out vec4 result;
void main() {
  ivec2 size = textureSize(frame, 0);
  ivec2 p = ivec2(int(gl_FragCoord.x), size.y - 1 - int(gl_FragCoord.y));
  vec2 unit = (vec2(p) + 0.5) / vec2(size);
  float alpha = texelFetch(alphaMap, p, 0).r;
  if (matteOnly) {
    result = vec4(vec3(smoothed ? smoothstep(edges.x, edges.y, alpha) : alpha), 1.0);
    return;
  }
  if (alpha <= 0.0) { result = kind == 0 ? vec4(0.0) : vec4(backdrop(unit), 1.0); return; }
  vec3 person = foregroundAt(p, alpha);
  if (smoothed) alpha = smoothstep(edges.x, edges.y, alpha);
  person = clamp(gain * person + shift, 0.0, 1.0);
  if (harmonized) person = inHarmony(person, unit);
  if (wrapped) person = 1.0 - (1.0 - person) * (1.0 - texture(light, unit).rgb);
  if (kind == 0) result = vec4(person * alpha, alpha);
  else result = vec4(mix(backdrop(unit), person, alpha), 1.0);
}`;
