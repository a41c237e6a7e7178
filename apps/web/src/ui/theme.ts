import type { Settings } from "../settings";
import { byId } from "./dom";

type Theme = Settings["theme"];

/** Dark or light, as chosen or as the system says. */
export function followTheme(theme: Theme, onChoose: (theme: Theme) => void): void {
  const light = matchMedia("(prefers-color-scheme: light)");
  const select = byId<HTMLSelectElement>("theme");
  const apply = () => {
    const chosen = select.value as Theme;
    const isLight = chosen === "system" ? light.matches : chosen === "light";
    document.documentElement.dataset.theme = isLight ? "light" : "dark";
  };
  select.value = theme;
  select.onchange = () => {
    apply();
    onChoose(select.value as Theme);
  };
  light.addEventListener("change", apply);
  apply();
}
