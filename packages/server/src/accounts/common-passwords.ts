/**
 * Recognises passwords that attackers try first. Lists of leaked passwords hold few of 15 characters or more; those
 * few are common words in a row, keys in a row, and a short piece repeated. Rules say that shorter than a list does.
 */

/** The words that long common passwords are made of. */
const words = [
  "password passwort passwd pass word secret letmein welcome qwerty qwertz azerty asdf zxcv",
  "admin administrator root user login account master super superuser guest default test testing changeme temp",
  "hello iloveyou love you monkey dragon football baseball basketball sunshine princess superman batman shadow",
  "trustno whatever starwars computer internet samsung michael jordan jennifer charlie freedom",
  "flower summer winter spring autumn coatcheck server session the my is",
  "пароль привет любовь админ администратор йцукен",
].flatMap((line) => line.split(" "));

/** Keys that lie in a row, and letters and digits in their order. */
const rows = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890123456789",
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
  "azertyuiopqsdfghjklmwxcvbn",
  "qazwsxedcrfvtgbyhnujmikolp",
  "1q2w3e4r5t6y7u8i9o0p",
  "q1w2e3r4t5y6u7i8o9p0",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
  "йцукенгшщзхъфывапролджэячсмитьбю",
  "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
];
const directions = rows.flatMap((row) => [row, [...row].reverse().join("")]);
const shortestRun = 4;

/** Letters that are commonly written as other signs. */
const lookalikes: ReadonlyMap<string, string> = new Map(
  ["0o", "1i", "3e", "4a", "5s", "7t", "@a", "$s", "!i"].map((pair) => [pair[0]!, pair[1]!]),
);

/** Whether a password, long as it is, is one of the first guesses. */
export function isCommonPassword(password: string): boolean {
  const lower = password.toLowerCase();
  return isRepetition(lower) || isMadeOfRows(lower) || isMadeOfWords(lower);
}

/** Few different signs, or one short piece again and again. */
function isRepetition(text: string): boolean {
  return new Set(text).size < 5 || /^(.{1,8}?)\1{2,}.{0,2}$/u.test(text);
}

/** Runs of neighbours, one after another: `qwertyuiop123456`. */
function isMadeOfRows(text: string): boolean {
  let rest = text;
  while (rest.length >= shortestRun) {
    const run = runLength(rest);
    if (run < shortestRun) return false;
    rest = rest.slice(run);
  }
  return true;
}

function runLength(text: string): number {
  let length = 0;
  while (length < text.length && directions.some((row) => row.includes(text.slice(0, length + 1)))) length++;
  return length;
}

/** Common words with digits and signs between or after them, in plain or look-alike spelling. */
function isMadeOfWords(text: string): boolean {
  const spelled = [...text].map((sign) => lookalikes.get(sign) ?? sign).join("");
  return [text, spelled].map((spelling) => spelling.replace(/[^\p{L}]/gu, "")).some(splitsIntoWords);
}

/** Looks at each position once: a pattern of alternatives would backtrack for ever on a crafted password. */
function splitsIntoWords(letters: string): boolean {
  const reachable = new Set([0]);
  for (let start = 0; start < letters.length; start++) {
    if (!reachable.has(start)) continue;
    for (const word of words) if (letters.startsWith(word, start)) reachable.add(start + word.length);
  }
  return letters.length > 0 && reachable.has(letters.length);
}
