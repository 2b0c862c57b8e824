// Keeps the look of the pages and the page for no network. Nothing that anybody is shown is ever put on the shelf.
const SHELF = "xinlin-{{ shelf }}";
const KEPT = [{% for address in kept %}"{{ address|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELF).then((shelf) => shelf.addAll(KEPT)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((shelves) => Promise.all(shelves.filter((shelf) => shelf !== SHELF).map((shelf) => caches.delete(shelf))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET") return;
  if (mode === "navigate") event.respondWith(fetch(event.request).catch(() => caches.match("{{ offline }}")));
  else if (KEPT.includes(new URL(url).pathname)) event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
});
