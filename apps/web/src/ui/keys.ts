/** Keys, the same letters as in the `webcam` window where both have the feature. */
export type Command =
  | "plain"
  | "blur"
  | "colorTransfer"
  | "harmonize"
  | "lightWrap"
  | "smoothStep"
  | "matteOnly"
  | "mirror"
  | "picture"
  | "record"
  | "fullscreen"
  | "showFigures"
  | "next"
  | "previous";

const KEYS: Record<string, Command> = {
  a: "plain",
  b: "blur",
  c: "colorTransfer",
  h: "harmonize",
  l: "lightWrap",
  m: "smoothStep",
  v: "matteOnly",
  x: "mirror",
  p: "picture",
  r: "record",
  f: "fullscreen",
  d: "showFigures",
  arrowright: "next",
  arrowleft: "previous",
};

/** The command of a key press, unless the key belongs to the element that has the focus. */
export function commandOf(event: KeyboardEvent): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return null;
  const command = KEYS[event.key.toLowerCase()] ?? null;
  const target = event.target as HTMLElement;
  if (target.matches?.("select, textarea, video")) return null;
  if (target.matches?.("input")) {
    const { type } = target as HTMLInputElement;
    const arrows = command === "next" || command === "previous";
    if (type !== "checkbox" && (type !== "radio" || arrows)) return null;
  }
  return command;
}
