/** `npm run requirements`: writes what is demanded with its tests, and the policy of sessions, into the documents. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogue } from "../test/requirements/catalogue.ts";
import { faultsOf, pagePath, readClaims, requirementsPage } from "../test/requirements/requirements.ts";
import { sessionPolicyPage, sessionPolicyPath } from "../test/requirements/session-policy.ts";

const root = join(import.meta.dirname, "..");

writeFileSync(join(root, pagePath), requirementsPage());
writeFileSync(join(root, sessionPolicyPath), sessionPolicyPage());
const faults = faultsOf(catalogue, readClaims());
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
