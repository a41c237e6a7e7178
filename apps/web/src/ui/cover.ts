/** What stands over the picture while there is none: an invitation, a wait, a problem. */
import type { State } from "../session";
import { byId } from "./dom";

const INVITATION = {
  title: "Where would you like to be?",
  text: "Use your camera, or drop, paste or open a photo.",
};

export function showCover(state: State): void {
  const shown = state.kind !== "live" && state.kind !== "photo";
  const problem = state.kind === "problem" ? state.problem : null;
  const cover = byId("cover");
  cover.hidden = !shown;
  byId("view").hidden = shown;
  cover.classList.toggle("error", problem !== null);
  byId("busy").hidden = state.kind !== "starting";
  byId("cover-actions").hidden = state.kind === "starting";
  byId("cover-title").textContent =
    state.kind === "starting" ? "One moment" : (problem?.title ?? INVITATION.title);
  byId("cover-text").textContent =
    state.kind === "starting" ? "The network is being loaded." : (problem?.remedy ?? INVITATION.text);
}
