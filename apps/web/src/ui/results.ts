/** Pictures and recordings that were made: look, download, share, throw away. */
import { byId, make } from "./dom";

const MOST = 6;

export class Results {
  private root = byId("results");

  add(blob: Blob, name: string): void {
    const address = URL.createObjectURL(blob);
    const moving = blob.type.startsWith("video/");
    const preview = moving
      ? make("video", { src: address, controls: true, muted: true, playsInline: true })
      : make("img", { src: address, alt: `Picture ${name}` });
    preview.setAttribute("aria-label", name);
    const actions = make(
      "div",
      { className: "row" },
      make("a", { href: address, download: name, textContent: "Download", ariaLabel: `Download ${name}` }),
    );
    const item = make("li", {}, preview, actions);
    const file = new File([blob], name, { type: blob.type });
    if (navigator.canShare?.({ files: [file] })) {
      actions.append(button(`Share ${name}`, "Share", () => void share(file)));
    }
    actions.append(button(`Throw away ${name}`, "Throw away", () => this.drop(item, address)));
    item.dataset.address = address;
    this.root.prepend(item);
    for (const old of [...this.root.children].slice(MOST)) {
      this.drop(old as HTMLElement, (old as HTMLElement).dataset.address!);
    }
  }

  private drop(item: HTMLElement, address: string): void {
    item.remove();
    URL.revokeObjectURL(address);
  }
}

function button(label: string, text: string, onclick: () => void): HTMLButtonElement {
  return make("button", { type: "button", textContent: text, ariaLabel: label, onclick });
}

async function share(file: File): Promise<void> {
  try {
    await navigator.share({ files: [file] });
  } catch {
    // the user closed the sheet
  }
}

/** pocketmatte-2026-01-31-12-00-59.png */
export function fileName(now: Date, suffix: string): string {
  const stamp = now.toISOString().slice(0, 19).replace(/[:T]/g, "-");
  return `pocketmatte-${stamp}.${suffix}`;
}
