/** Files from the dialogs, dropped, or pasted. */
import { byId } from "./dom";

export interface Takers {
  photo: (file: File) => void;
  own: (file: File) => void;
}

export function watchFiles({ photo, own }: Takers): void {
  fromDialog("photo-file", photo);
  fromDialog("own-file", own);
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file) photo(file);
  });
  const drop = byId("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file) photo(file);
  });
}

function fromDialog(id: string, take: (file: File) => void): void {
  const input = byId<HTMLInputElement>(id);
  input.onchange = () => {
    const file = input.files?.[0];
    input.value = ""; // the same file may be chosen again
    if (file) take(file);
  };
}
