import { MemorySessionStore } from "../../src/stores/memory.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { describeRememberMe } from "./promises.ts";

describeRememberMe("in memory", () => new MemorySessionStore());
describeRememberMe("in SQLite", () => new SqliteSessionStore(":memory:"));
