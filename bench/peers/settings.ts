/** What all peers are told alike: the secure settings that their own documents recommend. */

/** How long a session may lie idle, as with ours. */
export const halfAnHour = { seconds: 1_800, milliseconds: 1_800_000 } as const;

export const cookieName = "__Host-session";

export const cookie = { path: "/", httpOnly: true, secure: true, sameSite: "lax" } as const;

export const secret = "of the benchmark, and longer than 32 characters";

/** Who takes off https. */
export const proxy = "127.0.0.1";
