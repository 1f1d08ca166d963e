/** The part of `pg` that is used. Nothing here imports it: the pool is the application's. */

/** A pool of connections: `new Pool()` of `pg` is one. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "connect", listener: (client: Pick<PostgresClient, "on">) => void): unknown;
  listenerCount(event: "error"): number;
}

/** A connection, lent by its pool. */
export interface PostgresClient {
  query(
    query: PostgresQuery,
    callback: (error: Error | null | undefined, result: PostgresResult) => void,
  ): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
  /** Gives the connection back, or ends it if something is wrong with it. */
  release(wrong?: Error): void;
}

export interface PostgresQuery {
  readonly text: string;
  /** Under this name the connection remembers the statement. */
  readonly name?: string;
  readonly values?: unknown[];
  readonly rowMode: "array";
  readonly types: { getTypeParser(): (text: string) => unknown };
}

export interface PostgresResult {
  readonly rows: readonly unknown[];
}
