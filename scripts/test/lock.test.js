import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { locked } from '../lock.js';

let folder;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'glacis-lock-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('bodies under one lock never overlap, and leave no lock behind', async () => {
  const lock = path.join(folder, 'deep', 'lock');
  let inside = 0;
  let most = 0;
  const body = async () => {
    most = Math.max(most, ++inside);
    await sleep(5);
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => locked(lock, body)));
  expect(most).toBe(1);
  expect(existsSync(lock)).toBe(false);
});

test('a lock is given back when its body throws', async () => {
  const lock = path.join(folder, 'lock');
  const failing = () => Promise.reject(new Error('no'));
  await expect(locked(lock, failing)).rejects.toThrow('no');
  expect(existsSync(lock)).toBe(false);
});

test('the lock of a process that has died is taken over', async () => {
  const lock = path.join(folder, 'lock');
  mkdirSync(lock);
  writeFileSync(path.join(lock, 'owner'), `${2 ** 30} ${os.hostname()}`);
  expect(await locked(lock, () => Promise.resolve('ran'))).toBe('ran');
});
