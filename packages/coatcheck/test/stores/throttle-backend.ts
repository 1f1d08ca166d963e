/** The attempts of a store of sessions. */
import type { SessionStore } from "../../src/core/store.ts";
import type { ThrottleStore } from "../../src/core/throttle-store.ts";
import type { StoreBackend } from "../../src/testing/store-suite.ts";

export function throttleOf({ connect, close }: StoreBackend): StoreBackend<ThrottleStore> {
  const throttle = ({ throttle }: SessionStore): ThrottleStore => throttle!;
  return { connect: async () => throttle(await connect()), close };
}
