/** Cookies that the browser will drop. Silence is a bug: a sign-in seems to do nothing then. */
import { hidesHttps, isLoopbackHost, isSecureRequest, publicHost } from "./client.ts";
import type { Exchange } from "./exchange.ts";

export function warnIfDropped({ house, settings, request, isSecure }: Exchange): void {
  const { origins, proxies, warnings } = settings;
  if (origins.publicOrigin || !isSecure || isSecureRequest(request, proxies)) return;
  const host = publicHost(request, proxies) ?? "an unknown host";
  if (hidesHttps(request, proxies)) {
    const { remoteAddress } = request;
    const declaration = remoteAddress ? `trustedProxies: [${JSON.stringify(remoteAddress)}], or ` : "";
    warnings.once(
      "hidden-https",
      `A proxy at ${remoteAddress ?? "an unknown address"} says that browsers use https, but it is not declared: its word does not count. Set ${declaration}origin to the https address`,
      house.warn,
    );
  } else if (!isLoopbackHost(host)) {
    warnings.once(
      "plain-http",
      `Somebody signed in over plain http on ${host}: browsers drop the Secure session cookie there, so the sign-in has no effect. Serve it over https, or set origin to the https address if a proxy does`,
      house.warn,
    );
  }
}
