/** The API to read: a page made of the OpenAPI document, without script (docs/decisions/0010). */
import type { Hono } from "hono";
import type { OpenApiDocument, Operation, Response } from "../api/openapi.ts";
import { exampleOf, type Schema, schemaOf } from "../api/openapi.ts";
import type { AppEnv } from "../env.ts";
import { type Html, html } from "./html.ts";
import { publicPage } from "./layout.ts";

export function docsPage(app: Hono<AppEnv>, document: OpenApiDocument): void {
  const body = reference(document);
  app.get("/docs", (c) => publicPage(c, { title: "API", body }));
}

function reference(document: OpenApiDocument): Html {
  const operations = operationsOf(document);
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags[0]!);
  return html`<h1>API</h1>
    <p>${document.info.description}</p>
    <p>The same as an OpenAPI document, for programs: <a href="/openapi.json">/openapi.json</a>.</p>
    ${code(walkthrough(document.servers[0]!.url))}
    <nav aria-label="Calls"><ul class="calls">${operations.map(
      (call) =>
        html`<li><a href="#${idOf(call)}">${call.method} ${call.path}</a> ${call.operation.summary}</li>`,
    )}</ul></nav>
    ${Array.from(groups, ([tag, calls]) => html`<h2>${tag}</h2>${calls.map((call) => callView(document, call))}`)}`;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function operationsOf({ paths }: OpenApiDocument): Call[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

function idOf({ method, path }: Call): string {
  return `${method.toLowerCase()}${path.replaceAll(/\W+/g, "-").replace(/-$/, "")}`;
}

function walkthrough(origin: string): string {
  return `curl -c jar ${origin}/api/login \\
  -H 'Content-Type: application/json' \\
  -d '{"email":"you@example.com","password":"…"}'
curl -b jar ${origin}/api/sessions
curl -b jar ${origin}/api/csrf
curl -b jar ${origin}/api/logout -X POST -H 'X-CSRF-Token: …'`;
}

function callView(document: OpenApiDocument, call: Call): Html {
  const { method, path, operation } = call;
  const { summary, description, security, parameters = [], requestBody, responses } = operation;
  const body = requestBody && schemaOf(document, requestBody.content["application/json"]?.schema);
  return html`<section class="sheet call" id="${idOf(call)}" aria-labelledby="${idOf(call)}-title">
    <h3 id="${idOf(call)}-title"><code>${method} ${path}</code> ${summary}</h3>
    ${description ? html`<p>${inlineCode(description)}</p>` : ""}
    ${security ? html`<p class="quiet">Needs a session${parameters.some(({ in: place }) => place === "header") ? html`, and its CSRF token in <code>X-CSRF-Token</code>` : ""}.</p>` : ""}
    ${body ? html`<h4>Body</h4>${fields(document, body)}${code(pretty(exampleOf(document, body)))}` : ""}
    <h4>Answers</h4>
    <dl>${Object.entries(responses).map(([status, response]) => answer(document, status, response))}</dl>
  </section>`;
}

function fields(document: OpenApiDocument, { properties = {}, required = [] }: Schema): Html {
  return html`<ul>${Object.entries(properties).map(([name, schema]) => {
    const { type, description } = schemaOf(document, schema);
    const optional = required.includes(name) ? "" : ", optional";
    return html`<li><code>${name}</code> <span class="quiet">${type}${optional}</span>${description ? html`: ${description}` : ""}</li>`;
  })}</ul>`;
}

function answer(document: OpenApiDocument, status: string, { description, content }: Response): Html {
  const schema = content["application/json"]?.schema;
  return html`<dt>${status}</dt><dd>${inlineCode(description)}${schema ? code(pretty(exampleOf(document, schema))) : ""}</dd>`;
}

/** Backticks, as in Markdown. */
function inlineCode(text: string): Html[] {
  return text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function code(text: string): Html {
  return html`<pre tabindex="0"><code>${text}</code></pre>`;
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
