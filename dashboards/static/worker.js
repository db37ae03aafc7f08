// Today's work orders where there is no signal: the hub first, and what was kept of it only without one.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => event.waitUntil(keep(event.data, event.source)));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(page(request));
  else if (new URL(request.url).pathname.startsWith("/static/")) event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});
async function page(request) {
  try { return await fetch(request); } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: true, ignoreVary: true });
    if (!kept) throw error;
    return new Response((await kept.text()).replace("<body", "<body data-kept"), kept);
  }
}
async function keep(pages, asker) {
  const box = await caches.open("orders"), wanted = new Set();
  for (const url of pages) {
    const answer = await fetch(url, { headers: { "X-Background": "1" } }).catch(() => null);
    if (!answer) return; // no signal: what is kept stays
    if (!answer.ok || answer.redirected) continue;
    const parts = [...(await answer.clone().text()).matchAll(/\/static\/[^"]+/g)].map(([part]) => new URL(part, url).href);
    await box.put(url, answer);
    for (const part of new Set(parts)) if (!await box.match(part)) await box.add(part);
    for (const one of [url, ...parts]) wanted.add(one);
  }
  for (const { url } of await box.keys()) if (!wanted.has(url)) await box.delete(url);
  asker.postMessage(pages.filter((url) => wanted.has(url)).length - 1);
}
