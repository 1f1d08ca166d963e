// Leaves the page when its session is ended elsewhere. Listens only while the page is seen: browsers have few connections
// to one server, and what they ask for when they come back is answered anyway.
let events;

function listen() {
  events?.close();
  events = undefined;
  if (document.visibilityState !== "visible") return;
  events = new EventSource("/api/session/events");
  events.addEventListener("ended", leave);
}

/** Nothing stays on the screen. The sign-in page tells why, and leads back. */
function leave() {
  events.close();
  document.documentElement.hidden = true;
  location.reload();
}

addEventListener("visibilitychange", listen);
listen();
