/** Files that stay in this browser between visits. Where that is refused, nothing is kept. */
const STORE = "pocketmatte-own";
const address = (name: string) => new URL(`./${name}`, location.href).href;

export async function remember(name: string, file: Blob): Promise<void> {
  try {
    await (await caches.open(STORE)).put(address(name), new Response(file));
  } catch {
    // no storage here
  }
}

export async function recall(name: string): Promise<Blob | null> {
  try {
    const response = await (await caches.open(STORE)).match(address(name));
    return response ? await response.blob() : null;
  } catch {
    return null;
  }
}

export async function forget(name: string): Promise<void> {
  try {
    await (await caches.open(STORE)).delete(address(name));
  } catch {
    // no storage here
  }
}
