/** Whether Redis drops keys when its memory is full. */

/** The policy by which it does, as its INFO says; undefined if it does not. */
export function evictionPolicy(info: unknown): string | undefined {
  const setting = (name: string) => new RegExp(`^${name}:(\\S+)`, "m").exec(String(info))?.[1];
  const policy = setting("maxmemory_policy");
  return policy === "noeviction" || setting("maxmemory") === "0" ? undefined : policy;
}
