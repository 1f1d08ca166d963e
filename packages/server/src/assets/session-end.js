// Leaves the page when its session is ended elsewhere. One tab listens for all of the browser, which has few connections
// to one server.
const tabs = new BroadcastChannel("session-end");
const second = 1000;
let isLeaving = false;

/** Nothing stays on the screen. The sign-in page tells why, and leads back. */
function leave() {
  if (isLeaving) return;
  isLeaving = true;
  document.documentElement.hidden = true;
  location.reload();
}

function leaveEverywhere() {
  tabs.postMessage("ended");
  leave();
}

/** Until this tab is gone, and the next one listens, or until it is refused. A connection that is only lost, the browser makes again. */
function listen() {
  return new Promise((resolve) => {
    const source = new EventSource("/api/session/events");
    source.addEventListener("ended", leaveEverywhere);
    source.addEventListener("error", () => {
      // Also where somebody leaves the page: a moment later nothing of it is there to ask.
      if (source.readyState === EventSource.CLOSED) setTimeout(resolve, second);
    });
  });
}

async function listenInTurn() {
  await navigator.locks.request("session-end", listen);
  // It is refused where the session had ended before, or where too many listen.
  const answer = await fetch("/session/deadline").catch(() => undefined);
  if (answer?.status === 401) leaveEverywhere();
  else setTimeout(listenInTurn, 10 * second);
}

tabs.addEventListener("message", leave);
// What a form of this page does has an answer of its own, if it leads to another page.
addEventListener("submit", ({ defaultPrevented }) => {
  isLeaving ||= !defaultPrevented;
});
listenInTurn();
