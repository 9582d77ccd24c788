#!/usr/bin/env node
// The executable: `--version` and `--name` at once, everything else by the compiled command line. It reads
// process.argv, so a script may set that and import this file. Two SIGINTs that come together, from a
// terminal and from a parent, are one.

import { readFileSync, statSync } from 'node:fs';

const words = process.argv.slice(2);

if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  process.stdout.write(`${JSON.parse(manifest).version}\n`);
} else if (words.length === 1 && words[0] === '--name') {
  process.stdout.write('Glacis\n');
} else {
  const { main } = await import(isBundled() ? '../program/main.js' : '../dist/cli/main.js');
  process.exitCode = await main(words);
}

/** Whether there is a bundle, and nothing was compiled by hand since. */
function isBundled() {
  const written = (file) =>
    statSync(new URL(file, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const compiled = ['../dist/.tsbuildinfo', '../../core/dist/.tsbuildinfo'].map(written);
  const bundled = written('../program/main.js');
  return bundled > 0 && compiled.every((time) => time <= bundled);
}
