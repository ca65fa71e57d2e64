// The worker of the handhelds' page: it has the page and all that the page is made of, and gives them with or without the edge.
// SHELF stands before this text, put there by the edge: {version, pages, files}. A new version is taken whole or not at all.
const SHELF_NAME = `kd-handheld-${SHELF.version}`, LOOK = "kd-handheld-look", CHOSEN = "/handheld/chosen";

self.addEventListener("install", (event) => {
  const files = [...SHELF.pages, ...SHELF.files].map((path) => new Request(path, { cache: "no-cache", credentials: "same-origin" }));
  event.waitUntil(caches.open(SHELF_NAME).then((shelf) => shelf.addAll(files)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const drop = (names) => Promise.all(names.filter((name) => name.startsWith("kd-handheld-") && ![SHELF_NAME, LOOK].includes(name)).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(drop).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && url.pathname.startsWith("/handheld/")) event.respondWith(page(url, event.request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(event.request));
});

async function page(url, request) {
  const shelf = await caches.open(SHELF_NAME);
  if (SHELF.pages.includes(url.pathname)) {
    const look = await caches.open(LOOK);
    await look.put(CHOSEN, new Response(url.pathname));
    return (await shelf.match(url.pathname)) ?? fetch(request);
  }
  const chosen = await caches.match(CHOSEN);
  return (await shelf.match(chosen ? await chosen.text() : SHELF.pages[0])) ?? fetch(request);
}

async function file(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
