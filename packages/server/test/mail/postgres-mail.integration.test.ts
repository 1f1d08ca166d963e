import { PostgresAccounts } from "../../src/accounts/postgres-accounts.ts";
import { PostgresMail } from "../../src/mail/postgres-mail.ts";
import { useAccountPools } from "../support/account-pools.ts";
import { describeMailStore } from "./mail-store-suite.ts";

const open = useAccountPools();

describeMailStore("PostgreSQL", async () => {
  const { connect, close } = open();
  return {
    connect: async () => {
      const pool = await connect();
      return { accounts: new PostgresAccounts(pool), mail: new PostgresMail(pool) };
    },
    close,
  };
});
