// Keeps a part of the page up to date. The server tells that there is something new; then the part is asked for again.
// Both are no use of the session. One tab listens for all of the browser, which has few connections to one server.
const part = document.querySelector("[data-live]");
const words = JSON.parse(part.dataset.words);
const content = part.querySelector(".live-content");
const [state, link, button, status] = [".live-state", "a", "button", "[role=status]"].map((each) =>
  part.querySelector(`.live-bar ${each}`),
);
const second = 1000;
const tabs = new BroadcastChannel("live-part");

let isPaused = false;
let isStale = false;
let isAsking = false;
let unsaid = 0;

/** Says how it stands, once that is known. Only that which is over for good brings the link back. */
function show(how) {
  const isOver = how === "confirm";
  state.textContent = words[isPaused && !isOver ? "paused" : how] ?? "";
  state.classList.toggle("on", how === "on" && !isPaused);
  state.hidden = how === undefined;
  button.textContent = isPaused ? words.resume : words.pause;
  button.hidden = isOver;
  link.textContent = words.goOn;
  link.hidden = !isOver;
}

/** Asks for the part if it may have changed, once at a time, and only where somebody looks. */
async function update() {
  if (!isStale || isAsking || isPaused || document.visibilityState === "hidden") return;
  isStale = false;
  isAsking = true;
  const answer = await fetch(part.dataset.part).catch(() => undefined);
  if (answer?.status === 401) return location.reload();
  if (answer?.ok) {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    if (!isPaused) renewChildren(content, fresh);
  }
  show(answer?.ok ? "on" : answer?.status === 403 ? "confirm" : "interrupted");
  setTimeout(() => {
    isAsking = false;
    update();
  }, second);
}

function mayHaveChanged() {
  isStale = true;
  update();
}

/** What is the same stays, so that whoever reads or is somewhere with the keyboard is not disturbed. */
function renewChildren(old, fresh) {
  const known = new Map([...old.children].map((child) => [child.dataset.key, child]));
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const key = child.dataset?.key;
    const same = key === undefined ? place : known.get(key);
    if (!same || !isLike(same, child)) {
      old.insertBefore(child, place);
      if (key !== undefined) arrive(child);
    } else {
      if (same === place) place = place.nextSibling;
      else old.insertBefore(same, place);
      renew(same, child);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function isLike(old, fresh) {
  return old.nodeName === fresh.nodeName && old.dataset?.key === fresh.dataset?.key;
}

function renew(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // What somebody has opened stays open.
    if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  renewChildren(old, fresh);
}

function arrive(child) {
  child.classList.add("new");
  unsaid += 1;
}

/** Every so often, however much happens: a voice must come to its end. */
setInterval(() => {
  if (unsaid === 0) return;
  status.textContent = `${words.news} ${unsaid}`;
  unsaid = 0;
}, 5 * second);

/** What a tab hears, also the one that listens. */
function hear({ name }) {
  if (name === "ended") location.reload();
  else if (name === "open" || name === part.dataset.live) mayHaveChanged();
  else if (name === "interrupted" && !button.hidden) show("interrupted");
  else if (name === "reauth-required") mayHaveChanged();
}

function tell(name) {
  tabs.postMessage({ name });
  hear({ name });
}

/** Until the server wants no more of it. A connection that is only lost, the browser makes again. */
function listen() {
  return new Promise((resolve) => {
    const source = new EventSource("/api/admin/events");
    const close = (name) => {
      source.close();
      tell(name);
      resolve();
    };
    source.addEventListener("open", () => tell("open"));
    for (const name of ["audit", "figures"]) source.addEventListener(name, () => tell(name));
    for (const name of ["ended", "reauth-required"]) source.addEventListener(name, () => close(name));
    source.addEventListener("error", () => {
      // Also where somebody leaves the page: a moment later nothing of it is there to ask.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => close("open"), second);
      else tell("interrupted");
    });
  });
}

async function listenInTurn() {
  await navigator.locks.request("live-part", listen);
  // Where the password is wanted first, somebody has to go on.
  setTimeout(listenInTurn, (button.hidden ? 60 : 10) * second);
}

tabs.addEventListener("message", ({ data }) => hear(data));
button.addEventListener("click", () => {
  isPaused = !isPaused;
  show("on");
  mayHaveChanged();
});
addEventListener("visibilitychange", update);
// Times in words grow old by themselves.
setInterval(mayHaveChanged, 60 * second);
show();
listenInTurn();
