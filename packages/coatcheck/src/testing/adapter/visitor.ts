import { type Answer, Browser } from "../browser.ts";

/** A browser on the application that adapters are tested with. */
export class Visitor extends Browser {
  /** Lets the application perform verbs in one request: `visitor.do("login:ada", "renew")`. */
  do(...verbs: readonly string[]): Promise<Answer> {
    return this.post(`/do?verbs=${verbs.join(",")}`);
  }
}
