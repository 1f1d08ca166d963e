/** Settings that are allowed, and should be a conscious choice. */
import type { Finding } from "../core/finding.ts";
import { type AuthOptions, type AuthSettings, resolveAuth } from "../http/auth-settings.ts";
import { isLoopbackHost } from "../http/client.ts";

/** The settings, if the application would start with them, and what there is to say about them. */
export function examineSettings(
  options: AuthOptions,
  now: number,
): {
  readonly settings: AuthSettings | undefined;
  readonly findings: readonly Finding[];
} {
  try {
    const settings = resolveAuth(options);
    const findings = [...examineOrigin(options), ...examineCookie(options, settings)];
    return { settings, findings: [...findings, ...examineKeys(settings.keys?.ids ?? [], now)] };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { settings: undefined, findings: [refused(error)] };
  }
}

function refused({ message }: TypeError): Finding {
  return {
    code: "settings-refused",
    severity: "error",
    what: `The application will not start with these settings: ${message}.`,
    why: "Browsers would punish them silently.",
    fix: "Correct the setting that is named.",
  };
}

function examineOrigin({ origin, insecureCookieForLocalhost }: AuthOptions): Finding[] {
  if (origin === undefined) {
    return [
      {
        code: "origin-unknown",
        severity: "note",
        what: "No origin is set.",
        why: "The Origin of a request is compared with its Host alone. The scheme is not known, and a proxy that rewrites Host breaks every form.",
        fix: "Set origin to the address that people type: https://example.com.",
      },
    ];
  }
  if (insecureCookieForLocalhost && !isLoopbackHost(new URL(origin).host)) {
    return [
      {
        code: "insecure-cookie-in-production",
        severity: "warning",
        what: `insecureCookieForLocalhost is on, although the origin is ${origin}.`,
        why: "Programs on the same machine that reach the application directly get a cookie without Secure and prefix.",
        fix: "Switch it on in development only.",
      },
    ];
  }
  return [];
}

function examineCookie({ csrf }: AuthOptions, { cookie }: AuthSettings): Finding[] {
  const findings: Finding[] = [];
  if (cookie.domain !== undefined) {
    findings.push({
      code: "cookie-domain",
      severity: "warning",
      what: `The session cookie is shared by all hosts below ${cookie.domain}.`,
      why: "Each of them receives the sessions of all users, and can overwrite the cookie with one of its own.",
      fix: "Leave cookie.domain out, and keep the name __Host-session.",
    });
  } else if (!/^__Host-/i.test(cookie.name)) {
    findings.push({
      code: "cookie-prefix",
      severity: "warning",
      what: `The session cookie is named ${cookie.name}, without __Host-.`,
      why: "A neighbouring host, or anybody on plain http, can set a cookie of the same name.",
      fix: `Name it __Host-${cookie.name.replace(/^__[A-Za-z-]+?-(?=[^-])/, "")}.`,
    });
  }
  if (cookie.sameSite === "None" && csrf !== "token") {
    findings.push({
      code: "same-site-none",
      severity: "warning",
      what: 'The session cookie is sent with requests of other sites (sameSite "none"), and csrf is not "token".',
      why: "The cross-origin check is then the only thing between other sites and your users' sessions.",
      fix: 'Set csrf: "token", or drop sameSite "none" if the application is not embedded elsewhere.',
    });
  }
  return findings;
}

const day = 24 * 60 * 60_000;
/** A key that seals is replaced about twice a year. */
const oldKey = 200 * day;
/** No browser keeps a cookie for longer: nothing that such a key sealed is left. */
const uselessKey = oldKey + 400 * day;

/** The id of a key begins with the day on which `generateKey` made it. Of other ids the age is not known. */
function examineKeys([first, ...others]: readonly string[], now: number): Finding[] {
  const findings: Finding[] = [];
  if (first !== undefined && ageOf(first, now) > oldKey) {
    findings.push({
      code: "old-key",
      severity: "note",
      what: `The key that seals, ${first}, is ${Math.floor(ageOf(first, now) / day)} days old.`,
      why: "The longer a key is used, the more its loss would cost.",
      fix: "Put a new one in front, made by generateKey() (on the server: coatcheck-server keys rotate). Nobody is signed out.",
    });
  }
  const useless = others.filter((id) => ageOf(id, now) > uselessKey);
  if (useless.length > 0) {
    findings.push({
      code: "useless-keys",
      severity: "note",
      what: `Nothing can be left that the keys ${useless.join(", ")} have sealed.`,
      why: "They open what somebody else seals with them, should they ever leak.",
      fix: "Take them out.",
    });
  }
  return findings;
}

function ageOf(id: string, now: number): number {
  const [, year, month, date] = /^(\d{4})(\d\d)(\d\d)-/.exec(id) ?? [];
  return year ? now - Date.UTC(Number(year), Number(month) - 1, Number(date)) : 0;
}
