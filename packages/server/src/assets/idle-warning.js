// Warns before the session ends because nothing happened. When that is, the server says; asking it is no use of the
// session, so a page that is left open keeps nobody signed in.
const dialog = document.getElementById("idle");
const { warnBefore, signInPath } = dialog.dataset;
const second = 1000;

let endsAt = Date.now() + Number(dialog.dataset.left);
let timer;

function plan() {
  clearTimeout(timer);
  const left = endsAt - Date.now();
  if (left > warnBefore) {
    dialog.close();
    timer = setTimeout(ask, Math.min(left - warnBefore, 2 ** 31 - 1));
  } else if (left > 0) warn(left);
  else timer = setTimeout(ask, second);
}

function warn(left) {
  if (!dialog.open && dialog.returnValue !== "understood") dialog.showModal();
  const seconds = Math.ceil(left / second);
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  for (const place of dialog.querySelectorAll("[role=timer]")) place.textContent = text;
  // Every so often: somebody may go on in another tab.
  timer = setTimeout(seconds % 5 === 0 ? ask : plan, left % second || second);
}

async function ask() {
  clearTimeout(timer);
  await learn(fetch("/session/deadline"));
  plan();
}

/** What cannot be asked is not known: it is asked again. */
async function learn(asking) {
  const answer = await asking.catch(() => undefined);
  if (answer?.status === 401 || answer?.redirected) leave();
  if (!answer?.ok) return false;
  const { left, isFinal } = await answer.json();
  endsAt = Date.now() + left;
  dialog.classList.toggle("final", isFinal);
  return true;
}

/** Nothing stays on the screen. The sign-in page tells why, and leads back. */
function leave() {
  document.documentElement.hidden = true;
  location.assign(signInPath);
}

dialog.querySelector("[data-stay]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const failed = dialog.querySelector("[role=alert]");
  const stayed = await learn(
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }),
  );
  failed.hidden = stayed;
  plan();
});
// Escape is no answer to the question.
dialog.addEventListener("cancel", (event) => event.preventDefault());
addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") ask();
});

plan();
