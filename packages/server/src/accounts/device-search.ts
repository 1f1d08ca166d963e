/** What somebody types to find a device: "Firefox", "iPhone", "Edge on Windows", as devices are called or call themselves. */
import Bowser from "bowser";
import { deviceName } from "../device-name.ts";

export interface DeviceSearch {
  /** What is in the user agent of all that fit, and maybe of others. */
  readonly userAgent: readonly string[];
  /** Whether a device is really meant. */
  readonly fits: (userAgent: string | undefined) => boolean;
}

/** Between the names of browser and system. */
const joints: ReadonlySet<string> = new Set(["on", "на"]);

/** Words that are in the names of browsers and systems. Many user agents claim to be several browsers. */
const ownWords: ReadonlySet<string> = new Set(
  [...Object.values(Bowser.BROWSER_MAP), ...Object.values(Bowser.OS_MAP)].flatMap((name) =>
    wordsOf(String(name)),
  ),
);

/**
 * What stands in user agents for words that do not stand there themselves; nothing where there is no one thing: Chrome and
 * Firefox are CriOS and FxiOS on an iPhone.
 */
const written: Readonly<Record<string, string>> = {
  edge: "edg",
  microsoft: "",
  google: "",
  ios: "like mac os x",
  macos: "macintosh",
  chrome: "",
  firefox: "",
  opera: "op",
  explorer: "",
  internet: "",
};

/** A directory is asked for no more and no longer ones. The others are looked for in what it gives. */
const mostParts = 32;
const longestPart = 512;

export function deviceSearch(text: string): DeviceSearch {
  const words = wordsOf(text).filter((word) => !joints.has(word));
  return {
    userAgent: words
      .map((word) => (Object.hasOwn(written, word) ? written[word]! : word))
      .filter((part) => part !== "" && part.length <= longestPart)
      .slice(0, mostParts),
    fits: (userAgent = "") => {
      const name = wordsOf(deviceName(userAgent));
      const agent = userAgent.toLowerCase();
      return words.every((word) => (ownWords.has(word) ? name.includes(word) : agent.includes(word)));
    },
  };
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
}
