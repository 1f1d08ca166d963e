/** The API to read and to try: a page made of the OpenAPI document (docs/decisions/0010, 0036). */
import type { Context, Hono } from "hono";
import { identify } from "../accounts/identify.ts";
import {
  type Call,
  callsOf,
  exampleOf,
  fieldsOf,
  needsToken,
  type OpenApiDocument,
  type Response,
  type Schema,
  schemaOf,
  typedParameters,
} from "../api/openapi.ts";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";
import { type Page, page, publicPage } from "./layout.ts";
import { heading } from "./parts.ts";
import { tryForm } from "./try-form.ts";

export function docsPage(app: Hono<AppEnv>, house: House, document: OpenApiDocument): void {
  const reference = referenceTo(document);

  app.get("/docs", async (c) => {
    const isSignedIn = await knowsReader(c, house);
    const content = reference(c, isSignedIn);
    return isSignedIn ? page(c, () => content) : publicPage(c, content);
  });
}

/** The API is the same whoever asks, so where that cannot be found out, it is shown all the same. */
async function knowsReader(c: Context<AppEnv>, { accounts }: House): Promise<boolean> {
  const found = await identify(accounts, c.var.auth).catch(() => undefined);
  if (!found?.signedIn) return false;
  c.set("identity", found.identity);
  return true;
}

/** What the document says is English, whatever the page around it speaks. */
function referenceTo(document: OpenApiDocument): (c: Context<AppEnv>, isSignedIn: boolean) => Page {
  const calls = callsOf(document);
  const groups = Map.groupBy(calls, ({ operation }) => operation.tags[0]!);
  return (c, isSignedIn) => {
    const { words } = c.var;
    const { docs } = words;
    const reader = isSignedIn
      ? docs.tryAs(html`<strong>${c.var.identity.user.email}</strong>`)
      : docs.tryAsNobody((text) => html`<a href="/login?next=%2Fdocs">${text}</a>`);
    return {
      title: docs.title,
      // What was tried is not shown any more, here or by going back, when its session has ended.
      scripts: [isSignedIn ? assets.sessionEnd : assets.backGuard, assets.tryCalls],
      body: html`${heading(docs.title, html`<span lang="en">${document.info.description}</span>`)}
        <p>${docs.sameForPrograms(html`<a href="/openapi.json">/openapi.json</a>`)} ${reader}</p>
        ${code(walkthrough(document.servers[0]!.url))}
        <div id="calls" data-unreachable="${docs.unreachable}">
          ${Array.from(groups, ([tag, group]) => html`<h2 lang="en">${tag}</h2>${group.map((call) => callView(document, calls, call, words))}`)}
        </div>`,
    };
  };
}

function walkthrough(origin: string): string {
  return `curl -c jar ${origin}/api/login \\
  -H 'Content-Type: application/json' \\
  -d '{"email":"you@example.com","password":"…"}'
curl -b jar ${origin}/api/sessions
curl -b jar ${origin}/api/csrf
curl -b jar ${origin}/api/logout -X POST -H 'X-CSRF-Token: …'`;
}

/** The id is inside, because browsers open what a link leads into, and not what it leads to. */
function callView(document: OpenApiDocument, calls: readonly Call[], call: Call, words: Words): Html {
  const { method, path, operation } = call;
  const { summary, description, security, requestBody, responses } = operation;
  const { docs, language } = words;
  const body = requestBody && schemaOf(document, requestBody.content["application/json"]?.schema);
  const parameters = typedParameters(operation);
  const prose = (text: string): Html[] => inlineCode(text, calls);
  return html`<details class="sheet call" lang="en">
    <summary><h3><code class="verb ${method.toLowerCase()}">${method}</code> <code>${path}</code></h3> <span class="quiet">${summary}</span></summary>
    <div id="${operation.operationId}">
      ${description ? html`<p>${prose(description)}</p>` : ""}
      ${security ? html`<p class="quiet" lang="${language}">${needsToken(operation) ? docs.needsToken(html`<code>X-CSRF-Token</code>`) : docs.needsSession}</p>` : ""}
      ${parameters.length > 0 ? html`<h4 lang="${language}">${docs.parameters}</h4><ul>${parameters.map(({ name, schema, required }) => typed(name, schema, required, docs.optional, prose))}</ul>` : ""}
      ${body ? html`<h4 lang="${language}">${docs.body}</h4><ul>${fieldsOf(document, body).map(([name, schema, required]) => typed(name, schema, required, docs.optional, prose))}</ul>${code(pretty(exampleOf(document, body)))}` : ""}
      <h4 lang="${language}">${docs.answers}</h4>
      <dl>${Object.entries(responses).map(([status, response]) => answer(document, status, response, prose))}</dl>
      ${tryForm(call, { parameters, fields: body ? fieldsOf(document, body) : [] }, words)}
    </div>
  </details>`;
}

function typed(
  name: string,
  { type, enum: choices, description }: Schema,
  isRequired: boolean,
  optional: string,
  prose: (text: string) => Html[],
): Html {
  const kind = choices ? choices.join(" | ") : type;
  return html`<li><code>${name}</code> <span class="quiet">${isRequired ? kind : `${kind}, ${optional}`}</span>${description ? html`: ${prose(description)}` : ""}</li>`;
}

function answer(
  document: OpenApiDocument,
  status: string,
  { description, content }: Response,
  prose: (text: string) => Html[],
): Html {
  const schema = content["application/json"]?.schema;
  return html`<dt>${status}</dt><dd>${prose(description)}${schema ? code(pretty(exampleOf(document, schema))) : ""}</dd>`;
}

/** Backticks, as in Markdown. What names another call leads to it. */
function inlineCode(text: string, calls: readonly Call[]): Html[] {
  return text.split("`").map((part, index) => {
    if (index % 2 === 0) return html`${part}`;
    const named = calls.find(({ method, path }) => part === `${method} ${path}`);
    return named
      ? html`<a href="#${named.operation.operationId}"><code>${part}</code></a>`
      : html`<code>${part}</code>`;
  });
}

function code(text: string): Html {
  return html`<pre tabindex="0"><code>${text}</code></pre>`;
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
