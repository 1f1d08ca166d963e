// Leaves the page when its session is ended elsewhere. One tab listens for all of the browser, which has few connections
// to one server.
const tabs = new BroadcastChannel("session-end");
let isLeaving = false;

/** Nothing stays on the screen. The sign-in page tells why, and leads back. */
function leave() {
  if (isLeaving) return;
  isLeaving = true;
  document.documentElement.hidden = true;
  location.reload();
}

/** Until this tab is gone, and the next one listens. */
function listen() {
  return new Promise(() => {
    new EventSource("/api/session/events").addEventListener("ended", () => {
      tabs.postMessage("ended");
      leave();
    });
  });
}

tabs.addEventListener("message", leave);
// What a form of this page does has an answer of its own.
addEventListener("submit", () => {
  isLeaving = true;
});
navigator.locks.request("session-end", listen);
