/** The OpenAPI document, made of the schemas that check the requests, and reading it. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../env.ts";

/** The part of OpenAPI 3.1 that our document uses. */
export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Response {
  readonly description: string;
  readonly content: Content;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

const description =
  "Sign-in and sessions. The session is a cookie: sign in, get a CSRF token, and send it with every call " +
  "that changes something. What goes wrong is told in problem documents (RFC 9457).";

export function openApiDocument(api: OpenAPIHono<AppEnv>, origin: string): OpenApiDocument {
  api.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "__Host-session",
  });
  return api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Coatcheck", version: "1", description },
    servers: [{ url: origin }],
  }) as unknown as OpenApiDocument;
}

/** One operation, and how it is called. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function callsOf({ paths }: OpenApiDocument): Call[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** Those that somebody has to think of. The one header, the CSRF token, is fetched. */
export function typedParameters({ parameters = [] }: Operation): Parameter[] {
  return parameters.filter(({ in: place }) => place !== "header");
}

export function needsToken({ parameters = [] }: Operation): boolean {
  return parameters.some(({ in: place }) => place === "header");
}

/** A part of a body. */
export type BodyField = readonly [name: string, schema: Schema, isRequired: boolean];

export function fieldsOf(document: OpenApiDocument, { properties = {}, required = [] }: Schema): BodyField[] {
  return Object.entries(properties).map(([name, schema]) => [
    name,
    schemaOf(document, schema),
    required.includes(name),
  ]);
}

/** The schema itself where there may be a reference to it. */
export function schemaOf({ components }: OpenApiDocument, schema: Schema = {}): Schema {
  const name = schema.$ref?.slice("#/components/schemas/".length);
  return name === undefined ? schema : components.schemas[name]!;
}

/** A value that fits the schema. */
export function exampleOf(document: OpenApiDocument, schema: Schema): unknown {
  const { example, type, format, enum: choices, properties = {}, items } = schemaOf(document, schema);
  if (example !== undefined) return example;
  switch (type) {
    case "object":
      return Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, exampleOf(document, each)]),
      );
    case "array":
      return items ? [exampleOf(document, items)] : [];
    case "boolean":
      return true;
    case "integer":
      return 1;
    default:
      return choices?.[0] ?? (format === "date-time" ? "2026-07-01T12:00:00.000Z" : "…");
  }
}
