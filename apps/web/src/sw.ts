/** Keeps the page for use without a connection, and adds the headers that threads need. */
declare const FILES: string[];
declare const VERSION: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `pocketmatte-${VERSION}`;
const OWN = "pocketmatte-own";

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" }))))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith("pocketmatte-")))
      .then((names) => names.filter((name) => name !== CACHE && name !== OWN))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

/** Engine and weights are large: only those that this browser uses are kept. */
worker.addEventListener("message", (event) => {
  const files: string[] = event.data?.keep ?? [];
  event.waitUntil(
    caches.open(CACHE).then((cache) =>
      Promise.all(
        files.map(async (file) => {
          if (!(await cache.match(file))) await cache.add(file);
        }),
      ),
    ),
  );
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request));
});

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: request.mode === "navigate" });
  return isolated(kept ?? (await fetch(request)));
}

/** Static hosts cannot send these headers; without them there are no threads. */
function isolated(response: Response): Response {
  if (response.type === "opaque" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

export {};
