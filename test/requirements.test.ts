/** Every demand of the catalogue has its test, or says why not; `docs/requirements.md` says so truly. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Chapter, catalogue } from "./requirements/catalogue.ts";
import { type Claim, claimsIn } from "./requirements/claims.ts";
import { pageOf } from "./requirements/page.ts";
import { type PassEvent, Proofs, unproven } from "./requirements/proof.ts";
import { faultsOf, pagePath, readClaims, requirementsPage } from "./requirements/requirements.ts";

describe("the requirements", () => {
  test("each have a test or a reason why not, and no test claims another", () => {
    assert.deepEqual(faultsOf(catalogue, readClaims()), []);
  });

  test("are written down as they are: `npm run requirements` changes nothing", () => {
    const written = readFileSync(join(import.meta.dirname, "..", pagePath), "utf8");
    assert.ok(written === requirementsPage(), `${pagePath} is not up to date: npm run requirements`);
  });
});

describe("what a test says that it proves", () => {
  const known = new Set(["ASVS 7.4.1", "CVE-2025-46336", "kratos#3671", "NIST 5.1 erasure", "NIST 5.2"]);
  const claimed = (source: string) => claimsIn("a.test.ts", source, known).map(({ id, name }) => [id, name]);

  test("stands in its name, in that of a group, of a promise and of a case in a table", () => {
    assert.deepEqual(
      claimed(`
        describe("ends (NIST 5.2)", () => {
          test("dies (ASVS 7.4.1, CVE-2025-46336)", () => {});
          it(
            \`with \${what} asks (kratos#3671)\`,
          );
        });
        const cases = {
          "kept (ASVS 7.4.1)": () => {},
        };
        const table = [
          ["NIST 5.1 erasure: gone", 1],
        ];`),
      [
        ["NIST 5.2", "ends (NIST 5.2)"],
        ["ASVS 7.4.1", "dies (ASVS 7.4.1, CVE-2025-46336)"],
        ["CVE-2025-46336", "dies (ASVS 7.4.1, CVE-2025-46336)"],
        ["kratos#3671", `with \${what} asks (kratos#3671)`],
        ["ASVS 7.4.1", "kept (ASVS 7.4.1)"],
        ["NIST 5.1 erasure", "NIST 5.1 erasure: gone"],
      ],
    );
  });

  test("or in the comment above it, over several lines too", () => {
    assert.deepEqual(
      claimed(`
        // Proves ASVS 7.4.1, NIST 5.1 erasure,
        // kratos#3671.
        test("is final", () => {});
        // Proves NIST 5.2.
        "is over \\u00a7": (set) => {},`),
      [
        ["ASVS 7.4.1", "is final"],
        ["NIST 5.1 erasure", "is final"],
        ["kratos#3671", "is final"],
        ["NIST 5.2", "is over \u00a7"],
      ],
    );
  });

  test("may be several of ASVS, whose name is said once", () => {
    assert.deepEqual(
      claimed('test("ends (ASVS 7.4.1, 7.4.2, 16.2.5, NIST 5.2)", f);').map(([id]) => id),
      ["ASVS 7.4.1", "ASVS 7.4.2", "ASVS 16.2.5", "NIST 5.2"],
    );
  });

  test("is no part of other comments, of other texts, or of issues that the catalogue does not have", () => {
    assert.deepEqual(
      claimed(`
        // As ASVS 7.4.1 says.
        test("express-session#891", () => assert.ok(1, "ASVS 7.4.1"));
        const promise =
          "dies (ASVS 7.4.1)";`),
      [],
    );
  });

  test("is claimed under any id that looks like one, known or not", () => {
    const names = [
      "ASVS 99.1.1",
      "WSTG-SESS-99",
      "NIST 9.9",
      "CVE-1999-0001",
      "GHSA-aaaa-bbbb-cccc",
      "RFC 1 §2",
    ];
    assert.deepEqual(
      claimed(names.map((name) => `test("${name}", f);`).join("\n")),
      names.map((id) => [id, id]),
    );
  });
});

describe("what is wrong is told:", () => {
  const chapters = (...requirements: Chapter["requirements"]): Chapter[] => [
    { title: "T", about: "About.", requirements },
  ];
  const claim: Claim = { id: "A", file: "a.test.ts", name: "a" };

  const faults: readonly (readonly [what: string, Chapter[], Claim[], RegExp])[] = [
    ["a demand without test and reason", chapters({ id: "A", demands: "a" }), [], /A has neither/],
    [
      "a reason beside a test",
      chapters({ id: "A", demands: "a", open: "b" }),
      [claim],
      /A is said to be open/,
    ],
    ["a claim that nobody made a demand", chapters(), [claim], /a\.test\.ts: "a" claims A/],
    [
      "a demand that is there twice",
      chapters({ id: "A", demands: "a" }, { id: "A", demands: "b" }),
      [claim],
      /A is twice/,
    ],
  ];
  for (const [what, catalogue, claims, told] of faults) {
    test(what, () => {
      const [fault, ...others] = faultsOf(catalogue, claims);
      assert.match(fault!, told);
      assert.deepEqual(others, []);
    });
  }
});

describe("a claim is proven", () => {
  const pass = (name: string, others: Partial<PassEvent> = {}): PassEvent => ({
    name,
    nesting: 1,
    file: "/repository/a.test.ts",
    details: { type: "test" },
    ...others,
  });
  const suite = (name: string): PassEvent => pass(name, { nesting: 0, details: { type: "suite" } });
  const isProven = (claim: Partial<Claim>, ...events: PassEvent[]) => {
    const proofs = new Proofs();
    for (const event of events) proofs.note(event);
    return unproven([{ id: "A", file: "a.test.ts", name: "a", ...claim }], proofs.passed).length === 0;
  };

  test("by a test of its name in its file, and by no other", () => {
    assert.equal(isProven({}, pass("a")), true);
    assert.equal(isProven({}), false);
    assert.equal(isProven({}, pass("ab")), false);
    assert.equal(isProven({}, pass("a", { file: "/repository/b.test.ts" })), false);
  });

  test("by what a name that is put together may become", () => {
    assert.equal(isProven({ name: `of \${f({ a })} (A)` }, pass("of 12 (A)")), true);
    assert.equal(isProven({ name: `of \${f} (A)` }, pass("off (A)")), false);
  });

  test("of a published promise by whoever runs it", () => {
    assert.equal(isProven({ file: "testing/sign-out.ts" }, pass("a")), true);
  });

  test("not by what was skipped or is still to be done, nor by a group of such", () => {
    assert.equal(isProven({}, pass("a", { skip: "no" })), false);
    assert.equal(isProven({}, pass("a", { todo: true })), false);
    assert.equal(isProven({}, pass("b"), suite("a")), true);
    assert.equal(isProven({}, pass("b", { skip: "no" }), suite("a")), false);
    assert.equal(isProven({}, pass("b"), suite("b"), suite("a")), false);
  });
});

test("the page shows the test of a demand, what else is to be said, and why another has none", () => {
  const requirements = [
    { id: "ASVS 7.4.1", level: 1, demands: "Ends.", note: "Noted." },
    { id: "B", demands: "Begins.", open: "Not yet." },
  ] as const;
  const claims = [
    { id: "ASVS 7.4.1", file: "a.test.ts", name: `dies [of \${age}] (ASVS 7.4.1, WSTG-SESS-06)` },
  ];
  const page = pageOf([{ title: "A: b", about: "About.", requirements }], claims);
  assert.match(page, /^\| \[A: b\]\(#a-b\) \| 2 \| 1 \| 1 \|$/m);
  assert.ok(
    page.includes("| **ASVS 7.4.1** L1 | Ends. | [dies \\[of …\\]](../a.test.ts)<br>Noted. |\n"),
    page,
  );
  assert.ok(page.includes("| **B** | Begins. | **Open.** Not yet. |\n"), page);
});
