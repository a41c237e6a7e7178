/** The service worker: the page works without a connection after the first complete visit. */
export async function keepOffline(base: string, files: string[]): Promise<void> {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  try {
    await navigator.serviceWorker.register(new URL("sw.js", base));
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage({ keep: files });
  } catch {
    // refused, for example in a private window: the page works on, with a connection
  }
}
