/** Reads the public names of a module from its text: types leave no trace at run time. */

export interface PublicNames {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

const declaration =
  /^export (?:declare )?(?:abstract |async )?(class|function\*?|const|let|interface|type) (\w+)/gm;
const list = /^export (type )?\{([^}]*)\}/gm;

export function publicNames(source: string): PublicNames {
  if (/^export \*/m.test(source)) throw new Error("A public module exports by name, never everything");
  const names: { name: string; isType: boolean }[] = [];
  for (const [, kind, name] of source.matchAll(declaration)) {
    names.push({ name: name!, isType: kind === "interface" || kind === "type" });
  }
  for (const [, allTypes, members] of source.matchAll(list)) {
    for (const member of members!.split(",").map((text) => text.trim())) {
      if (!member) continue;
      const isType = allTypes !== undefined || member.startsWith("type ");
      const name = member.replace(/^type /, "").replace(/^.* as /, "");
      names.push({ name, isType });
    }
  }
  const sorted = (isType: boolean) => names.flatMap((n) => (n.isType === isType ? [n.name] : [])).sort();
  return { values: sorted(false), types: sorted(true) };
}
