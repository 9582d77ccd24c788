// `npm run setup`: makes a checkout ready to run, doing only what is stale. Every other script starts
// here, so nothing outside Node.js itself may be imported.

import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.js';
import { install, isInstalled } from './install.js';
import { locked } from './lock.js';
import { at, checkNode, main } from './project.js';

/** One setup at a time. */
const alone = (body) => locked(at('.glacis/setup.lock'), body);

/** Installs the dependencies unless they are in place. Throws a Failure. */
export async function ensureInstalled() {
  checkNode();
  if (!isInstalled()) await alone(async () => isInstalled() || (await install()));
}

/** Compiles the sources unless that is done. Throws a Failure. */
export async function ensureBuilt() {
  if (!isBuilt()) await alone(async () => isBuilt() || (await build()));
}

export async function setup() {
  await ensureInstalled();
  await ensureBuilt();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(setup);
