/** The ways to a program: a variable names it, the machine has it, Debian has it. */
import { execFile } from "node:child_process";
import { constants, globSync } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Way } from "./need.ts";

const run = promisify(execFile);

/** Somebody says where the program is. A wrong answer is an error: using another program would hide it. */
export function namedBy(variable: string, environment: NodeJS.ProcessEnv = process.env): Way<string> {
  return {
    remedy: `set ${variable} to the path of the program`,
    find: async () => {
      const path = environment[variable];
      if (!path) return undefined;
      if (await isExecutable(path)) return path;
      throw new Error(`${variable} is ${path}, and that cannot be run.`);
    },
  };
}

/** The first of these programs that is on the PATH. */
export function onPath(...names: readonly string[]): Way<string> {
  return {
    remedy: `install one of ${names.join(", ")} where the PATH leads`,
    find: () => firstExecutable(names.flatMap(everywhereOnPath)),
  };
}

/** The program in the last of the folders that fit the pattern: of several versions, the highest. */
export function inFolders(pattern: string, name: string): Way<string> {
  return {
    remedy: `install ${name} in ${pattern}`,
    find: () => firstExecutable(globSync(join(pattern, name)).sort(byNumber).reverse()),
  };
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Debian's package, which brings the program `name`, where the PATH leads or in folders that fit a pattern. */
export function fromDebian(packageName: string, name: string, pattern?: string): Way<string> {
  return {
    remedy: `run the tests as root on Debian, so that they install it, or run: apt-get install ${packageName}`,
    find: async () => {
      if (!mayInstall()) return undefined;
      await install(packageName, pattern ? `ls ${join(pattern, name)}` : `command -v ${name}`);
      return pattern ? inFolders(pattern, name).find() : firstExecutable(everywhereOnPath(name));
    },
  };
}

function mayInstall(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}

/**
 * Docker, where its engine answers: `program` is a script that runs the image and takes what the program itself takes.
 */
export function fromDocker(image: string, program: string): Way<string> {
  return {
    remedy: `start a Docker engine, so that the tests run ${image} in a container`,
    find: async () => {
      try {
        await run("docker", ["info"], { timeout: 10_000 });
      } catch {
        return undefined;
      }
      console.error(`Fetching ${image} for the tests …`);
      await run("docker", ["pull", "--quiet", image]);
      return program;
    },
  };
}

/** One installation at a time, and none for those who waited while another did it. The lock dies with its holder. */
async function install(packageName: string, isThere: string): Promise<void> {
  const once = `${isThere} || { apt-get update && apt-get install -y --no-install-recommends ${packageName}; }`;
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  console.error(`Installing Debian's package ${packageName} for the tests …`);
  try {
    await run("flock", ["/tmp/coatcheck-install.lock", "sh", "-c", once], { env: environment });
  } catch (error) {
    console.error(`That failed: ${(error as { stderr?: string }).stderr || error}`);
  }
}

function everywhereOnPath(name: string): string[] {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name));
}

/** The first of these paths that can be run. */
export async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isExecutable(path)) return path;
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
