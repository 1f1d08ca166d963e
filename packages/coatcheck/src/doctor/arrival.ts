/** How a request arrived, against what the application believes of its place in the network. */
import type { Finding } from "../core/finding.ts";
import type { AuthSettings } from "../http/auth-settings.ts";
import {
  canonicalAddress,
  hidesHttps,
  isLoopbackHost,
  isSecureRequest,
  publicHost,
  type RequestSource,
} from "../http/client.ts";

/**
 * What a request that a browser sent to the public address tells of the proxies in between. Give it one that came in
 * from outside, as people's do.
 */
export function examineArrival(request: RequestSource, settings: AuthSettings): Finding[] {
  return [
    ...examineScheme(request, settings),
    ...examineHost(request, settings),
    ...examineClient(request, settings),
  ];
}

function examineScheme(request: RequestSource, { origins, proxies, localCookie }: AuthSettings): Finding[] {
  const { publicOrigin } = origins;
  if (hidesHttps(request, proxies)) {
    const { remoteAddress = "an unknown address" } = request;
    return [
      {
        code: "proxy-not-trusted",
        severity: publicOrigin ? "warning" : "error",
        what: `A proxy at ${remoteAddress} says that browsers use https (X-Forwarded-Proto), but it is not declared, so its word does not count.`,
        why: "Every device is listed with the proxy's address, limits by address hit all users at once, and without an origin the scheme is unknown.",
        fix: `Set trustedProxies to [${JSON.stringify(remoteAddress)}] (on the server: COATCHECK_TRUST_PROXY=${remoteAddress}).`,
      },
    ];
  }
  const isPlain = !isSecureRequest(request, proxies);
  const host = publicHost(request, proxies) ?? "";
  if (isPlain && !publicOrigin?.startsWith("https:") && !isLoopbackHost(host) && !localCookie) {
    return [
      {
        code: "plain-http",
        severity: "error",
        what: `Requests for ${host || "an unknown host"} arrive over plain http.`,
        why: "Browsers drop Secure cookies there: a sign-in has no effect.",
        fix: "Serve it over https. If a proxy does, have it send X-Forwarded-Proto and declare it in trustedProxies.",
      },
    ];
  }
  return [];
}

function examineHost(request: RequestSource, { origins, proxies }: AuthSettings): Finding[] {
  const { publicOrigin, others } = origins;
  const host = publicHost(request, proxies);
  if (!publicOrigin || host === undefined || host === hostOf(publicOrigin)) return [];
  if ([...others].some((origin) => hostOf(origin) === host)) return [];
  return [
    {
      code: "other-host",
      severity: "error",
      what: `The request asked for ${host}, but origin is ${publicOrigin}.`,
      why: "Forms of pages at that host fail the cross-origin check, and a __Host- cookie of one host is not sent to the other.",
      fix: `Redirect ${host} to ${publicOrigin}, or correct origin (on the server: COATCHECK_ORIGIN). If a proxy rewrites Host, have it send X-Forwarded-Host and declare it.`,
    },
  ];
}

/** A declared proxy that names no client is as good as none. */
function examineClient(request: RequestSource, { proxies }: AuthSettings): Finding[] {
  const peer = canonicalAddress(request.remoteAddress ?? "");
  if (peer === undefined || !proxies(peer) || request.header("x-forwarded-for") !== undefined) return [];
  return [
    {
      code: "client-address-unknown",
      severity: "warning",
      what: `The declared proxy at ${peer} does not say who the client is: there is no X-Forwarded-For.`,
      why: "Every device is listed with the proxy's address, and limits by address hit all users at once.",
      fix: "Have the proxy append the client's address to X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for).",
    },
  ];
}

function hostOf(origin: string): string {
  return new URL(origin).host;
}
