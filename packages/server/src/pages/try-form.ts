/**
 * A form by which a call of the API is tried as whoever is signed in here. The script try-calls.js brings it up and sends
 * it, because a form by itself can send neither JSON nor a header.
 */
import { type BodyField, type Call, needsToken, type Parameter, type Schema } from "../api/openapi.ts";
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";

interface Inputs {
  readonly parameters: readonly Parameter[];
  readonly fields: readonly BodyField[];
}

/** Where in the request a value goes. */
type Place = "path" | "query" | "body";

export function tryForm(call: Call, { parameters, fields }: Inputs, { docs, language }: Words): Html {
  const { method, path, operation } = call;
  const inputs = [
    ...parameters.map(({ name, in: place, schema, required }) =>
      input(operation.operationId, name, place as Place, schema, required, docs.optional),
    ),
    ...fields.map(([name, schema, required]) =>
      input(operation.operationId, name, "body", schema, required, docs.optional),
    ),
  ];
  const isSafe = method === "GET";
  const isStream = operation.responses[200]?.content["text/event-stream"] !== undefined;
  return html`<form class="try" hidden lang="${language}" autocomplete="off" data-method="${method}" data-path="${path}"${needsToken(operation) ? html` data-needs-token` : ""}>
    <h4>${docs.tryIt}</h4>
    ${isSafe ? "" : html`<p class="caution">${docs.forReal(html`<strong lang="en">${operation.summary}</strong>`)}</p>`}
    ${inputs.length > 0 ? html`<div class="inputs">${inputs}</div>` : ""}
    <div class="actions"><button class="${method === "DELETE" ? "danger small" : "small"}">${isSafe ? docs.send : docs.doIt}</button>
      ${isStream ? html`<button type="button" class="plain small" data-stop hidden>${docs.stop}</button>` : ""}</div>
    <div class="outcome" role="status"></div>
  </form>`;
}

function input(
  call: string,
  name: string,
  place: Place,
  schema: Schema,
  isRequired: boolean,
  optional: string,
): Html {
  const id = `${call}-${name}`;
  const data = html`name="${name}" data-in="${place}" data-type="${schema.type}"${isRequired ? html` data-required` : ""}`;
  const label = html`<code>${name}</code>${isRequired ? "" : html` <span class="quiet">${optional}</span>`}`;
  const choices = schema.type === "boolean" ? ["true", "false"] : schema.enum?.map(String);
  if (schema.items?.enum) return boxes(schema.items.enum.map(String), label, data);
  return html`<div class="field"><label for="${id}">${label}</label>${choices ? select(id, choices, data, isRequired) : text(id, name, place, data)}</div>`;
}

/** Without its parameter a path is another one; with dots in its place, too. */
function text(id: string, name: string, place: Place, data: Html): Html {
  const password = /^new.*password$/i.test(name)
    ? "new-password"
    : /password/i.test(name) && "current-password";
  return html`<input id="${id}" type="${password ? "password" : "text"}" ${data} autocomplete="${password || "off"}" spellcheck="false" autocapitalize="none"${place === "path" ? html` required pattern=".*[^.].*"` : ""}>`;
}

function select(id: string, choices: readonly string[], data: Html, isRequired: boolean): Html {
  const options = choices.map((choice) => html`<option>${choice}</option>`);
  return html`<select id="${id}" ${data}>${isRequired ? "" : html`<option></option>`}${options}</select>`;
}

function boxes(choices: readonly string[], label: Html, data: Html): Html {
  return html`<fieldset class="field"><legend>${label}</legend>${choices.map(
    (choice) => html`<label class="box"><input type="checkbox" value="${choice}" ${data}>${choice}</label>`,
  )}</fieldset>`;
}
