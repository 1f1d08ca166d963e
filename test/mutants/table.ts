/** All mutants. */
import type { Mutants, NamedMutant } from "./mutant.ts";
import { cacheMutants } from "./table/cache.ts";
import { cookiesMutants } from "./table/cookies.ts";
import { csrfMutants } from "./table/csrf.ts";
import { endsMutants } from "./table/ends.ts";
import { fingerprintMutants } from "./table/fingerprint.ts";
import { judgeMutants } from "./table/judge.ts";
import { limitMutants } from "./table/limit.ts";
import { postgresMutants } from "./table/postgres.ts";
import { redisMutants } from "./table/redis.ts";
import { rememberMutants } from "./table/remember.ts";
import { renewalMutants } from "./table/renewal.ts";
import { secretsMutants } from "./table/secrets.ts";
import { serverMutants } from "./table/server.ts";
import { storesMutants } from "./table/stores.ts";
import { throttleMutants } from "./table/throttle.ts";

/** By what they are about. */
const areas: Readonly<Record<string, Mutants>> = {
  judge: judgeMutants,
  renewal: renewalMutants,
  csrf: csrfMutants,
  remember: rememberMutants,
  ends: endsMutants,
  limit: limitMutants,
  cookies: cookiesMutants,
  secrets: secretsMutants,
  fingerprint: fingerprintMutants,
  throttle: throttleMutants,
  cache: cacheMutants,
  stores: storesMutants,
  redis: redisMutants,
  postgres: postgresMutants,
  server: serverMutants,
};

export const mutants: readonly NamedMutant[] = Object.entries(areas).flatMap(([area, table]) =>
  Object.entries(table).map(([name, mutant]) => ({ area, name, ...mutant })),
);
