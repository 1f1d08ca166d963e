import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { SessionStore } from "coatcheck";
import { startProgram } from "../../../test/servers/program.ts";
import { forwarding } from "./support/forwarding.ts";
import { rawRequest } from "./support/raw-request.ts";
import { startTestServer } from "./support/test-server.ts";
import { Visitor } from "./support/visitor.ts";

const root = join(import.meta.dirname, "../../..");
const main = join(root, "packages/server/src/main.ts");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end. */
async function run(env: Record<string, string>): Promise<Ended> {
  const child = spawn(process.execPath, [main], {
    // Older releases of Node warn of what they call experimental.
    env: { ...process.env, NODE_NO_WARNINGS: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

describe("npm start", () => {
  // Proves ASVS 6.3.2, ASVS 16.2.3.
  test("on an empty folder serves, prints the set-up link, keeps its files private and stops when told", async () => {
    await using program = await startProgram(({ port, folder }) => ({
      command: "npm",
      args: ["start"],
      cwd: root,
      env: { PORT: String(port), COATCHECK_DATABASE: `sqlite:${folder}/data/coatcheck.db` },
    }));
    const link = new RegExp(`http://localhost:${program.port}/setup#([\\w-]{43})`);
    await printed(program, link);
    const output = program.output();
    assert.match(output, /Database .*data\/coatcheck\.db/);
    assert.match(output, /30 minutes without use, after 12 hours at the latest/);

    const visitor = new Visitor(`http://localhost:${program.port}`);
    const code = link.exec(output)![1]!;
    const ada = { email: "ada@example.com", password: "tea kettle upstairs window", code };
    assert.equal((await visitor.submit("/setup", ada)).status, 303);
    assert.equal(await visitor.isSignedIn(), true);

    const folder = join(program.folder, "data");
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    const files = ["coatcheck.db", "coatcheck.db-shm", "coatcheck.db-wal", "coatcheck.db.keys"];
    assert.deepEqual((await readdir(folder)).sort(), files, "No log lies beside them");
    for (const name of files) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    }
    // npm's own shell does not pass the signal on. The output closes when the server itself has ended.
    const closed = once(program.process, "close");
    program.process.kill("SIGTERM");
    await closed;
    await assert.rejects(visitor.get("/login"));
  });
});

describe("the process", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coatcheck-process-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`ends with 0 on ${signal}, and its sessions live on`, async () => {
      const database = `sqlite:${join(folder, `${signal}.db`)}`;
      const env = {
        COATCHECK_DATABASE: database,
        COATCHECK_ADMIN_EMAIL: "ada@example.com",
        COATCHECK_ADMIN_PASSWORD: "tea kettle upstairs window",
      };
      const start = () =>
        startProgram(({ port }) => ({
          command: process.execPath,
          args: [main],
          env: { ...env, PORT: String(port) },
        }));
      let cookie: string | undefined;
      {
        await using program = await start();
        const visitor = new Visitor(`http://localhost:${program.port}`);
        await visitor.signIn({ email: env.COATCHECK_ADMIN_EMAIL, password: env.COATCHECK_ADMIN_PASSWORD });
        cookie = visitor.cookie;
        program.process.kill(signal);
        const [code] = await once(program.process, "exit");
        assert.equal(code, 0, program.output());
      }
      await using program = await start();
      const visitor = new Visitor(`http://localhost:${program.port}`);
      visitor.cookie = cookie;
      assert.equal(await visitor.isSignedIn(), true);
      assert.doesNotMatch(program.output(), /setup#/);
    });
  }

  test("goes on after a promise that nobody waited for, ends after an exception that nobody caught, and logs both (ASVS 16.5.4)", {
    timeout: 60_000,
  }, async () => {
    const faults = `process.on("SIGUSR2", () => Promise.reject(new Error("nobody waited")));
      process.on("SIGHUP", () => setImmediate(() => { throw new Error("nobody caught"); }));`;
    await using program = await startProgram(({ port, folder: own }) => ({
      command: process.execPath,
      args: ["--import", `data:text/javascript,${encodeURIComponent(faults)}`, main],
      env: { PORT: String(port), COATCHECK_DATABASE: `sqlite:${own}/data/coatcheck.db` },
    }));
    program.process.kill("SIGUSR2");
    await printed(program, /"event":"unhandled-rejection".*nobody waited/);
    const answer = await new Visitor(`http://localhost:${program.port}`).get("/setup");
    assert.equal(answer.status, 200);
    const ended = once(program.process, "close");
    program.process.kill("SIGHUP");
    const [code] = await ended;
    assert.equal(code, 1);
    assert.match(program.output(), /"event":"uncaught-exception".*nobody caught/);
  });

  test("reports every mistake of the configuration at once and ends with 1", async () => {
    const { code, stderr } = await run({
      PORT: "x",
      COATCHECK_ORIGIN: "http://example.com",
      COATCHECK_X: "1",
    });
    assert.equal(code, 1);
    assert.match(stderr, /has 3 errors/);
    assert.match(stderr, /PORT is "x"/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  test("says in one line that the port is in use and ends with 1", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const database = `sqlite:${join(folder, "port.db")}`;
    const { code, stderr } = await run({ PORT: String(port), COATCHECK_DATABASE: database });
    other.close();
    assert.equal(code, 1);
    assert.equal(stderr.trim(), `Port ${port} is in use. Stop what listens there, or set PORT to another.`);
  });

  test("says what is wrong with a database that is none and ends with 1", async () => {
    const { code, stderr } = await run({ COATCHECK_DATABASE: `sqlite:${folder}` });
    assert.equal(code, 1);
    assert.match(stderr, /^The database .* cannot be opened: .*\. Set COATCHECK_DATABASE/);
  });
});

test("a server that is told to stop finishes what it has begun and takes nothing new", async () => {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  let isHeld = false;
  const wrapStore = (store: SessionStore): SessionStore => ({
    ...forwarding(store),
    find: async (id) => {
      if (isHeld) {
        reached.resolve();
        await gate.promise;
      }
      return store.find(id);
    },
  });
  const server = await startTestServer({ wrapStore });
  const visitor = await server.signedIn();
  isHeld = true;
  const slow = visitor.get("/devices");
  await reached.promise;
  const stopped = server[Symbol.asyncDispose]();
  // Whoever has connected already is let in.
  while (await isLetIn(server.origin));
  gate.resolve();
  const answer = await slow;
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("connection"), "close");
  await stopped;
});

test("a server that is told to stop answers what comes on connections that it kept alive, for the last time", async () => {
  // Long enough for a busy machine; it ends with the last connection.
  const server = await startTestServer({ lingering: 60_000 });
  const { hostname, port } = new URL(server.origin);
  const connections = await Promise.all(
    [1, 2, 3].map(async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, "connect");
      return socket;
    }),
  );
  const request = `GET /healthz HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`;
  const asked = async (socket: Socket): Promise<string> => {
    socket.write(request);
    const [answer] = await once(socket, "data");
    return String(answer);
  };
  for (const socket of connections) assert.doesNotMatch(await asked(socket), /connection: close/i);
  const stopped = server[Symbol.asyncDispose]();
  while (await isLetIn(server.origin));
  for (const socket of connections) {
    const answer = await asked(socket);
    assert.match(answer, /^HTTP\/1\.1 (200|503) /);
    assert.match(answer, /connection: close/i);
  }
  await stopped;
});

/** Whether a new connection is accepted, and what comes on it is answered. */
async function isLetIn(origin: string): Promise<boolean> {
  try {
    const answer = await rawRequest(origin, ["GET /healthz HTTP/1.1", "Host: localhost"]);
    assert.match(answer, /^HTTP\/1\.1 (200|503) /);
    return true;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
    return false;
  }
}

async function printed(
  program: { output(): string; process: { stdout: unknown; stderr: unknown } },
  pattern: RegExp,
): Promise<void> {
  const outputs = [program.process.stdout, program.process.stderr] as NodeJS.ReadableStream[];
  while (!pattern.test(program.output())) await Promise.race(outputs.map((each) => once(each, "data")));
}
