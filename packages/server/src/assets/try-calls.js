// Sends the calls of the API reference as whoever is signed in here, and shows what comes back.
const { unreachable } = document.getElementById("calls").dataset;

/** The page says who is signed in, and what was tried as one is nothing for the next. */
const doors = ["/api/login", "/api/logout"];

/** An answer may be a stream that has no end of its own. */
const running = new WeakMap();

async function send(form) {
  running.get(form)?.abort();
  const leaving = new AbortController();
  running.set(form, leaving);
  const outcome = form.querySelector(".outcome");
  try {
    const answer = await fetch(addressOf(form), { ...(await requestOf(form)), signal: leaving.signal });
    if (answer.ok && doors.includes(form.dataset.path)) return location.reload();
    await show(answer, form, outcome);
  } catch (error) {
    if (!leaving.signal.aborted) outcome.replaceChildren(element("p", unreachable, "error"));
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
  }
}

function addressOf(form) {
  const path = inputsIn(form, "path").reduce(
    (path, { name, value }) => path.replace(`{${name}}`, encodeURIComponent(value)),
    form.dataset.path,
  );
  const query = new URLSearchParams(
    inputsIn(form, "query").flatMap(({ name, value }) => (value ? [[name, value]] : [])),
  );
  return query.size > 0 ? `${path}?${query}` : path;
}

async function requestOf(form) {
  const { method, needsToken } = form.dataset;
  const token = needsToken === undefined ? undefined : await csrfToken();
  const hasBody = inputsIn(form, "body").length > 0;
  return {
    method,
    headers: {
      ...(token && { "X-CSRF-Token": token }),
      ...(hasBody && { "Content-Type": "application/json" }),
    },
    ...(hasBody && { body: JSON.stringify(bodyOf(form)) }),
  };
}

/** Whoever has no session gets none, and the call itself says what that means. */
async function csrfToken() {
  const answer = await fetch("/api/csrf");
  return answer.ok ? (await answer.json()).csrfToken : undefined;
}

/** What is left out where it may be left out is not sent. */
function bodyOf(form) {
  const body = {};
  for (const { name, value, checked, dataset } of inputsIn(form, "body")) {
    const { type, required } = dataset;
    if (type === "array") {
      if (checked) body[name] = [...(body[name] ?? []), value];
    } else if (value || required !== undefined) body[name] = type === "string" ? value : JSON.parse(value);
  }
  return body;
}

function inputsIn(form, place) {
  return [...form.elements].filter(({ dataset }) => dataset.in === place);
}

async function show(answer, form, outcome) {
  const { status, statusText, headers, body } = answer;
  const headline = element("p", `${status} ${statusText}`, answer.ok ? "came good" : "came bad");
  const head = [...headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const content = element("pre", "");
  outcome.replaceChildren(headline, content, element("pre", head, "quiet"));
  // Those who scroll by keyboard must be able to stop at them.
  for (const scrolling of outcome.querySelectorAll("pre")) scrolling.tabIndex = 0;
  const stop = form.querySelector("[data-stop]");
  if (stop) stop.hidden = false;
  const text = await readInto(content, body);
  if (stop) stop.hidden = true;
  if (!/json/.test(headers.get("Content-Type"))) return;
  const value = JSON.parse(text);
  content.textContent = JSON.stringify(value, null, 2);
  if (!answer.ok) headline.append(...explanation(value, statusText));
}

async function readInto(place, body) {
  const chunks = body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = (await chunks?.read()) ?? { done: true };
    if (done) return place.textContent;
    place.append(value);
  }
}

/** Of a problem document (RFC 9457), what is for people. */
function explanation({ title, detail, errors = [] }, statusText) {
  const faults = errors.map(({ field, message }) => `${field}: ${message}`);
  const isSaid = title.toLowerCase() === statusText.toLowerCase();
  const lines = [isSaid ? undefined : title, detail, ...faults].filter(Boolean);
  return lines.map((line) => element("span", line));
}

function element(name, text, classes = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = classes;
  return made;
}

for (const form of document.querySelectorAll(".try")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
  form.querySelector("[data-stop]")?.addEventListener("click", ({ target }) => {
    running.get(form)?.abort();
    target.hidden = true;
  });
  form.hidden = false;
}
