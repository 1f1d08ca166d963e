/** What remembered browsers may rely on, in every store. */
import type { SessionStore } from "../../src/core/store.ts";
import { describeEndings } from "./endings.ts";
import { type MakeHouse, RememberHouse } from "./house.ts";
import { describeReturns } from "./returns.ts";
import { describeTheft } from "./theft.ts";

/** @param open opens a store that no other test uses. */
export function describeRememberMe(name: string, open: () => Promise<SessionStore> | SessionStore): void {
  const house: MakeHouse = async (options) => new RememberHouse(await open(), options);
  describeReturns(name, house);
  describeTheft(name, house);
  describeEndings(name, house);
}
