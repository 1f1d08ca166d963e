/** What the things that are counted are called. Of all of them there are few, whatever anybody sends. */

export const signedIn = "signed-in";
/** A browser that was only remembered. */
export const cameBack = "came-back";
export const failedSignIn = "failed";
/** How many sessions were alive when they were last counted. It is no sum. */
export const aliveName = "alive";
/** An operation of the session store that did not answer. */
export const storeFailed = "store-failed";

export const rejectedPrefix = "rejected/";
export const endedPrefix = "ended/";
export const tookPrefix = "took/";

/** How long it is known of a batch that it was added, for nodes that did not hear so; in milliseconds. */
export const batchMemory: number = 3 * 60 * 60_000;
