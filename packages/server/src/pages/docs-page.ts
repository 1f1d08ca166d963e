/** The API to read: a page made of the OpenAPI document, without script (docs/decisions/0010). */
import type { Hono } from "hono";
import type { OpenApiDocument, Operation, Response } from "../api/openapi.ts";
import { exampleOf, type Schema, schemaOf } from "../api/openapi.ts";
import type { AppEnv } from "../env.ts";
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { heading } from "./parts.ts";

export function docsPage(app: Hono<AppEnv>, document: OpenApiDocument): void {
  app.get("/docs", (c) => {
    const { words } = c.var;
    return publicPage(c, { title: words.docs.title, body: reference(document, words) });
  });
}

/** What the document says is English, whatever the page around it speaks. */
function reference(document: OpenApiDocument, words: Words): Html {
  const { docs } = words;
  const operations = operationsOf(document);
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags[0]!);
  return html`${heading(docs.title, html`<span lang="en">${document.info.description}</span>`)}
    <p>${docs.sameForPrograms(html`<a href="/openapi.json">/openapi.json</a>`)}</p>
    ${code(walkthrough(document.servers[0]!.url))}
    <nav aria-label="${docs.calls}"><ul class="calls" lang="en">${operations.map(
      (call) =>
        html`<li><a href="#${idOf(call)}">${call.method} ${call.path}</a> ${call.operation.summary}</li>`,
    )}</ul></nav>
    ${Array.from(groups, ([tag, calls]) => html`<h2 lang="en">${tag}</h2>${calls.map((call) => callView(document, call, words))}`)}`;
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

function callView(document: OpenApiDocument, call: Call, { docs, language }: Words): Html {
  const { method, path, operation } = call;
  const { summary, description, security, parameters = [], requestBody, responses } = operation;
  const body = requestBody && schemaOf(document, requestBody.content["application/json"]?.schema);
  const needsToken = parameters.some(({ in: place }) => place === "header");
  return html`<section class="sheet call" lang="en" id="${idOf(call)}" aria-labelledby="${idOf(call)}-title">
    <h3 id="${idOf(call)}-title"><code>${method} ${path}</code> ${summary}</h3>
    ${description ? html`<p>${inlineCode(description)}</p>` : ""}
    ${security ? html`<p class="quiet" lang="${language}">${needsToken ? docs.needsToken(html`<code>X-CSRF-Token</code>`) : docs.needsSession}</p>` : ""}
    ${body ? html`<h4 lang="${language}">${docs.body}</h4>${fields(document, body, docs.optional)}${code(pretty(exampleOf(document, body)))}` : ""}
    <h4 lang="${language}">${docs.answers}</h4>
    <dl>${Object.entries(responses).map(([status, response]) => answer(document, status, response))}</dl>
  </section>`;
}

function fields(
  document: OpenApiDocument,
  { properties = {}, required = [] }: Schema,
  optional: string,
): Html {
  return html`<ul>${Object.entries(properties).map(([name, schema]) => {
    const { type, description } = schemaOf(document, schema);
    const kind = required.includes(name) ? type : `${type}, ${optional}`;
    return html`<li><code>${name}</code> <span class="quiet">${kind}</span>${description ? html`: ${description}` : ""}</li>`;
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
