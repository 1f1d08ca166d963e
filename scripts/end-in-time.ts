/**
 * Loaded into every test file: one that hangs, or left something open, ends with a failure that says so. The test
 * runner would wait for it for ever.
 */
const patience = Number(process.env.TEST_FILE_PATIENCE);

setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(", ");
  console.error(`${process.argv[1]} did not end within ${patience / 1000} s. Still open: ${open}`);
  process.exit(1);
}, patience).unref();

export {};
