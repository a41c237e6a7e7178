import "./style.css";
import type { Prefer } from "./engine/messages";
import { Page, type Listing } from "./page";
import { asProblem } from "./problem";
import { showCover } from "./ui/cover";

const ENGINES: Prefer[] = ["auto", "cpu", "webgpu", "threads", "plain"];

async function start(): Promise<void> {
  // ?engine=plain and the like are for measuring and for helping with problems
  const asked = new URLSearchParams(location.search).get("engine");
  const prefer = ENGINES.find((name) => name === asked) ?? "auto";
  const response = await fetch("models.json");
  if (!response.ok) throw new Error("failed to fetch models.json");
  const page = new Page((await response.json()) as Listing, new URL("./", location.href).href, prefer);
  await page.begin();
}

start().catch((error) => showCover({ kind: "problem", problem: asProblem(error) }));
