/** What tells the devices of a user apart. */
import { type ClientInfo, networkOf } from "coatcheck";
import { deviceName } from "../device-name.ts";
import type { Device } from "./mail.ts";

/**
 * By the cookie where there is one. Without it, by its name, which an update does not change, and its network: the same
 * kind of browser is news when it comes from elsewhere.
 */
export function deviceOf({ ip, userAgent }: ClientInfo, hasCookie: boolean): Device {
  return { name: deviceName(userAgent), network: ip === undefined ? "" : networkOf(ip), hasCookie };
}
