/**
 * Builds and packs what is published: `node scripts/pack.ts [folder]`.
 *
 * In the repository the packages export their sources, so that nothing is built to run or test. What is published is
 * plain `tsc` output in `dist/`, with a package file whose paths lead there.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = join(import.meta.dirname, "..");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The library first: the server is compiled against its declarations. */
const folders = ["coatcheck", "server"];

/** Builds both packages and packs them into `target`; returns the paths of the tarballs. */
export function packAll(target: string): string[] {
  mkdirSync(target, { recursive: true });
  return folders.map((folder) => {
    build(folder);
    return pack(folder, target);
  });
}

function build(folder: string): void {
  const home = join(root, "packages", folder);
  const dist = join(home, "dist");
  rmSync(dist, { recursive: true, force: true });
  compile(home);
  copyAssets(join(home, "src"), dist);
  for (const file of ["README.md", "LICENSE"]) cpSync(join(home, file), join(dist, file));
  const manifest = published(JSON.parse(readFileSync(join(home, "package.json"), "utf8")));
  writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

function compile(home: string): void {
  const config = join(home, "tsconfig.build.json");
  const options = {
    noEmit: false,
    rootDir: "src",
    outDir: "dist",
    declaration: true,
    paths: home.endsWith("server") ? declarationsOfLibrary() : {},
  };
  const text = { extends: "../../tsconfig.json", compilerOptions: options, include: ["src"] };
  writeFileSync(config, JSON.stringify(text));
  try {
    run("tsc", ["--project", config]);
  } finally {
    rmSync(config);
  }
}

/** Where the declarations of each export of the library are, seen from the server. */
function declarationsOfLibrary(): Record<string, string[]> {
  const file = join(root, "packages", "coatcheck", "package.json");
  const { name, exports }: Manifest = JSON.parse(readFileSync(file, "utf8"));
  return Object.fromEntries(
    Object.entries(exports).map(([subpath, source]) => [
      join(name, subpath),
      [join("..", "coatcheck", "dist", inDist(source, ".d.ts"))],
    ]),
  );
}

function copyAssets(from: string, to: string): void {
  for (const entry of readdirSync(from, { recursive: true, encoding: "utf8" })) {
    const path = join(from, entry);
    if (statSync(path).isFile() && !entry.endsWith(".ts")) cpSync(path, join(to, entry), { recursive: true });
  }
}

/** The package file as it is published: sources become what was made of them. */
function published(manifest: Manifest): object {
  const { exports, bin, ...rest } = manifest;
  return {
    ...rest,
    exports: {
      ...Object.fromEntries(
        Object.entries(exports).map(([subpath, source]) => [
          subpath,
          { types: inDist(source, ".d.ts"), default: inDist(source, ".js") },
        ]),
      ),
      "./package.json": "./package.json",
    },
    ...(bin && {
      bin: Object.fromEntries(Object.entries(bin).map(([name, source]) => [name, inDist(source, ".js")])),
    }),
  };
}

function inDist(source: string, ending: string): string {
  return source.replace("./src/", "./").replace(/\.ts$/, ending);
}

function pack(folder: string, target: string): string {
  const output = run(
    "npm",
    ["pack", "--json", "--pack-destination", target],
    join(root, "packages", folder, "dist"),
  );
  const [{ filename }] = JSON.parse(output);
  return join(target, filename);
}

function run(command: string, args: string[], cwd = root): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

if (import.meta.main) {
  const target = resolve(process.argv[2] ?? "dist");
  for (const tarball of packAll(target)) console.log(relative(process.cwd(), tarball));
}
