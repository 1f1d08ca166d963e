/** The parts of the administration. */
import type { Context } from "hono";
import type { AppEnv } from "../env.ts";
import type { Html } from "./html.ts";
import { tabs } from "./parts.ts";

/** Leads from each part of the administration to the others. */
export function adminTabs(c: Context<AppEnv>): Html {
  const { admin } = c.var.words;
  const parts = [
    { name: admin.overview.title, href: "/admin" },
    { name: admin.users.title, href: "/admin/users" },
    { name: admin.sessions.title, href: "/admin/sessions" },
    { name: admin.audit.title, href: "/admin/audit" },
  ];
  return tabs(
    admin.title,
    parts.map((part) => ({
      ...part,
      isHere: part.href === "/admin" ? c.req.path === part.href : c.req.path.startsWith(part.href),
    })),
  );
}
