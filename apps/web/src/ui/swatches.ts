/** The choice of backgrounds, as radio buttons with a picture each. */
import type { Supplied } from "../media/scenes";
import { byId, make } from "./dom";

const TITLES: Record<string, string> = { none: "None", blur: "Blur", colour: "Colour", own: "Own" };

export class Swatches {
  private root = byId("swatches");

  constructor(
    private supplied: Supplied[],
    onChoose: (name: string) => void,
  ) {
    this.root.addEventListener("change", (event) => {
      onChoose((event.target as HTMLInputElement).value);
    });
  }

  show(names: string[], chosen: string, colour: string): void {
    if (names.join() !== this.values().join()) this.root.replaceChildren(...names.map((n) => this.swatch(n)));
    for (const input of this.inputs()) input.checked = input.value === chosen;
    const patch = this.root.querySelector<HTMLElement>("i.colour");
    if (patch) patch.style.background = colour;
  }

  private swatch(name: string): HTMLElement {
    const file = this.supplied.find((one) => one.name === name)?.file;
    const picture = file
      ? make("img", { src: file, alt: "" })
      : make("i", { className: name, ariaHidden: "true" });
    const title = TITLES[name] ?? name[0].toUpperCase() + name.slice(1);
    return make(
      "label",
      {},
      make("input", { type: "radio", name: "background", value: name }),
      picture,
      make("b", { textContent: title }),
    );
  }

  private inputs(): HTMLInputElement[] {
    return [...this.root.querySelectorAll("input")];
  }

  private values(): string[] {
    return this.inputs().map((input) => input.value);
  }
}
