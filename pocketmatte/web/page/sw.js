// src/sw.ts
var e = self, t = "pocketmatte-949d2b109de4", n = "pocketmatte-own";
e.addEventListener("install", (n) => {
	n.waitUntil(caches.open(t).then((e) => e.addAll([
		"./",
		"assets/index-3tQVOV0o.js",
		"assets/index-CWCNY03a.css",
		"assets/worker-CkTSnWCa.js",
		"backgrounds/beach.webp",
		"backgrounds/lights.webp",
		"build.json",
		"icon-192.png",
		"icon-512.png",
		"index.html",
		"manifest.webmanifest",
		"maskable.png",
		"models.json"
	].map((e) => new Request(e, { cache: "reload" })))).then(() => e.skipWaiting()));
}), e.addEventListener("activate", (r) => {
	r.waitUntil(caches.keys().then((e) => e.filter((e) => e.startsWith("pocketmatte-"))).then((e) => e.filter((e) => e !== t && e !== n)).then((e) => Promise.all(e.map((e) => caches.delete(e)))).then(() => e.clients.claim()));
}), e.addEventListener("message", (e) => {
	let n = e.data?.keep ?? [];
	e.waitUntil(caches.open(t).then((e) => Promise.all(n.map(async (t) => {
		await e.match(t) || await e.add(t);
	}))));
}), e.addEventListener("fetch", (e) => {
	let { request: t } = e;
	t.method === "GET" && new URL(t.url).origin === location.origin && e.respondWith(r(t));
});
async function r(e) {
	return i(await (await caches.open(t)).match(e, { ignoreSearch: e.mode === "navigate" }) ?? await fetch(e));
}
function i(e) {
	if (e.type === "opaque" || e.status === 0) return e;
	let t = new Headers(e.headers);
	t.set("Cross-Origin-Opener-Policy", "same-origin"), t.set("Cross-Origin-Embedder-Policy", "require-corp"), t.set("Cross-Origin-Resource-Policy", "same-origin");
	let { status: n, statusText: r } = e;
	return new Response(e.body, {
		status: n,
		statusText: r,
		headers: t
	});
}
