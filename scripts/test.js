// `npm test`: sets up, then runs every check and prints the totals as the last line. A check that
// fails does not stop the others. Arguments are passed to vitest (file filters, -t …).

import { existsSync, rmSync } from 'node:fs';
import { runNode } from './process.js';
import { Failure, Interrupted, at, main, readJson, say } from './project.js';
import { ensureBuilt, ensureInstalled } from './setup.js';

const report = at('.glacis/vitest.json');

/** Checks that pass or fail as a whole: a JavaScript program and its arguments. */
const checks = {
  format: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '--cache', '.'],
  lint: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  'types of tests': ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json'],
};

const total = { passed: 0, failed: 0 };

await main(async () => {
  if (await step('install', ensureInstalled)) {
    await step('build', ensureBuilt);
    for (const [name, args] of Object.entries(checks)) await step(name, () => succeed(args));
    await tests(process.argv.slice(2));
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 ? 0 : 1;
});

/** Counts one step as passed or failed. */
async function step(name, body) {
  const start = performance.now();
  let outcome = 'passed';
  try {
    await body();
    total.passed += 1;
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof Interrupted) throw error;
    if (error.message) say(error.message);
    total.failed += 1;
    outcome = 'failed';
  }
  say(`${outcome}: ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return outcome === 'passed';
}

async function succeed(args) {
  const { code } = await runNode(args);
  if (code !== 0) throw new Failure('');
}

/** Runs the tests and counts them, one by one; a file that cannot be loaded counts as one failed. */
async function tests(filters) {
  rmSync(report, { force: true });
  const { code } = await runNode([
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...filters,
  ]);
  const files = existsSync(report) ? readJson(report).testResults : [];
  let failed = 0;
  for (const { status, assertionResults } of files) {
    const count = (wanted) => assertionResults.filter((test) => test.status === wanted).length;
    total.passed += count('passed');
    failed += count('failed') || (status === 'failed' ? 1 : 0);
  }
  // An error outside every test, or no report at all.
  total.failed += code === 0 ? failed : Math.max(failed, 1);
}
