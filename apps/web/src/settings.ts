/** What the page remembers, in this browser only. */
export interface Settings {
  /** "none", "colour", "blur", "own", or the name of a supplied picture. */
  background: string;
  colour: string;
  /** Radius of the blur, in percent of the picture's mean side. */
  blur: number;
  preset: string;
  camera: string;
  facing: "user" | "environment";
  mirror: boolean;
  steady: boolean;
  smoothStep: boolean;
  colorTransfer: boolean;
  harmonize: boolean;
  lightWrap: boolean;
  matteOnly: boolean;
  showFigures: boolean;
  theme: "system" | "dark" | "light";
}

export const DEFAULTS: Settings = {
  background: "blur",
  colour: "#2e7d6b",
  blur: 2,
  preset: "balanced",
  camera: "",
  facing: "user",
  mirror: true,
  steady: true,
  smoothStep: false,
  colorTransfer: false,
  harmonize: false,
  lightWrap: false,
  matteOnly: false,
  showFigures: false,
  theme: "system",
};

const KEY = "pocketmatte";
const CHOICES: Partial<Record<keyof Settings, string[]>> = {
  facing: ["user", "environment"],
  theme: ["system", "dark", "light"],
};

/** Settings from stored text; whatever is missing, unknown or of another type is the default. */
export function parse(text: string | null): Settings {
  const settings = { ...DEFAULTS };
  let stored: Record<string, unknown>;
  try {
    stored = JSON.parse(text ?? "{}");
  } catch {
    return settings;
  }
  if (typeof stored !== "object" || stored === null) return settings;
  for (const key of Object.keys(DEFAULTS) as (keyof Settings)[]) {
    const value = stored[key];
    const known = CHOICES[key];
    if (typeof value !== typeof DEFAULTS[key] || (known && !known.includes(value as string))) continue;
    Object.assign(settings, { [key]: value });
  }
  if (!/^#[0-9a-f]{6}$/i.test(settings.colour)) settings.colour = DEFAULTS.colour;
  settings.blur = Math.min(Math.max(settings.blur, 0.5), 6);
  return settings;
}

export function load(): Settings {
  try {
    return parse(localStorage.getItem(KEY));
  } catch {
    return { ...DEFAULTS }; // storage is refused: nothing is remembered
  }
}

export function save(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // storage is refused or full: the page works on, it only forgets
  }
}
