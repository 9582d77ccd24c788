// One setup at a time: a lock directory (mkdir is atomic) that names its owner and is touched every
// second. It is stale when its owner has died on this host, or has not touched it for a minute.

import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './project.js';

const silentFor = 60_000;

/** Runs `body` while holding the lock `directory`, waiting for whoever holds it now. */
export async function locked(directory, body) {
  mkdirSync(path.dirname(directory), { recursive: true });
  let waiting = false;
  while (!take(directory)) {
    if (isStale(directory)) removeStale(directory);
    else {
      if (!waiting) say('Waiting for another setup to finish …');
      waiting = true;
      await sleep(100);
    }
  }
  const beat = setInterval(() => touch(directory), 1000);
  beat.unref();
  try {
    return await body();
  } finally {
    clearInterval(beat);
    rmSync(directory, { recursive: true, force: true });
  }
}

function take(directory) {
  try {
    mkdirSync(directory);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(path.join(directory, 'owner'), `${process.pid} ${os.hostname()}`);
  return true;
}

function isStale(directory) {
  const age = ageOf(directory);
  if (age === null) return false;
  if (age > silentFor) return true;
  try {
    const [pid, host] = readFileSync(path.join(directory, 'owner'), 'utf8').split(' ');
    return host === os.hostname() && !isAlive(Number(pid));
  } catch {
    return false; // Just taken: the owner is about to write its name.
  }
}

/** Two waiters must not both remove it, the second one a fresh lock: removing is itself locked. */
function removeStale(directory) {
  const guard = `${directory}.removing`;
  if ((ageOf(guard) ?? 0) > silentFor) rmSync(guard, { recursive: true, force: true });
  try {
    mkdirSync(guard);
  } catch {
    return;
  }
  if (isStale(directory)) rmSync(directory, { recursive: true, force: true });
  rmSync(guard, { recursive: true, force: true });
}

function ageOf(file) {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return null;
  }
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Removed by hand: nothing to keep alive.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
