/** The servers that the tests of mutants share, started once: each test file would start its own. */
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";

const servers: Readonly<
  Record<string, { readonly name: RegExp; start(): Promise<AsyncDisposable & { url: string }> }>
> = {
  TEST_REDIS_URL: { name: /redis/, start: () => startRedis() },
  TEST_POSTGRES_URL: { name: /postgres/, start: () => startPostgres() },
};

/** Those that these test files need, by their names; the files are told by variables, and those that are set count. */
export async function provideServers(files: readonly string[]): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  for (const [variable, { name, start }] of Object.entries(servers)) {
    const isNeeded = files.some((file) => file.endsWith(".integration.test.ts") && name.test(file));
    if (!isNeeded || process.env[variable]) continue;
    process.env[variable] = stack.use(await start()).url;
    stack.defer(() => void delete process.env[variable]);
  }
  return stack.move();
}
