import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deviceName } from "../src/device-name.ts";
import { html } from "../src/pages/html.ts";
import { inWords, waitInWords } from "../src/pages/moment.ts";
import { wordsIn } from "../src/words/words.ts";

describe("the name of a device", () => {
  const names: Record<string, string> = {
    "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":
      "Safari on macOS",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":
      "Chrome on Android",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":
      "Microsoft Edge on Windows",
    "curl/8.5.0": "curl",
    "\u0000\u0001": "Unknown program",
    "": "Unknown device",
  };
  for (const [userAgent, name] of Object.entries(names)) {
    test(name, () => assert.equal(deviceName(userAgent), name));
  }
});

test("time is told in words", () => {
  const now = Date.UTC(2026, 6, 1, 12);
  const ago = (milliseconds: number) => inWords(wordsIn("en"), now - milliseconds, now);
  assert.equal(ago(0), "just now");
  assert.equal(ago(59_999), "just now");
  assert.equal(ago(60_000), "1 minute ago");
  assert.equal(ago(3 * 3_600_000), "3 hours ago");
  assert.equal(ago(26 * 3_600_000), "yesterday");
  assert.equal(ago(30 * 86_400_000), "30 days ago");
  assert.equal(ago(70 * 86_400_000), "2 months ago");
  assert.equal(ago(800 * 86_400_000), "2 years ago");
  assert.equal(ago(-5_000), "just now");
  const past = (milliseconds: number) => inWords(wordsIn("ru"), now - milliseconds, now);
  assert.equal(past(0), "только что");
  assert.equal(past(2 * 60_000), "2 минуты назад");
  assert.equal(past(5 * 3_600_000), "5 часов назад");
});

test("who must wait is told for how long, and is let in when it is over", () => {
  const wait = (seconds: number) => waitInWords(wordsIn("en"), seconds);
  assert.equal(wait(1), "in 1 second");
  assert.equal(wait(60), "in 60 seconds");
  assert.equal(wait(61), "in 2 minutes");
  assert.equal(wait(3_600), "in 60 minutes");
  assert.equal(waitInWords(wordsIn("ru"), 1), "через 1 секунду");
  assert.equal(waitInWords(wordsIn("ru"), 21), "через 21 секунду");
});

test("what is put into a template is text, in content and in attributes", async () => {
  const evil = `"><script>alert('1')</script>&`;
  const page = String(await html`<p title="${evil}">${[evil, html`<b>${evil}</b>`]}</p>`);
  assert.doesNotMatch(page, /<script/);
  assert.match(page, /<b>&quot;&gt;&lt;script&gt;/);
});
