// Where the repository is, and how a script ends: with an exit code, or with one clear sentence.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** A path inside the repository. */
export const at = (...parts) => path.join(root, ...parts);

export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Progress goes to stderr: stdout belongs to the program that is started. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** An end that a person is meant to read: one sentence and an exit code. */
export class Failure extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

/** A signal reached us while a child was running; by convention the exit code is 128 + its number. */
export class Interrupted extends Failure {
  constructor(code) {
    super('', code);
  }
}

/** Runs a script's body and makes what it returns, or the Failure it throws, the exit code. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? process.exitCode ?? 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.message) say(error.message);
    process.exitCode = error.code;
  }
}

/** Throws unless this Node.js is at least what package.json asks for. */
export function checkNode(version = process.versions.node) {
  const wanted = readJson(at('package.json')).engines.node.replace('>=', '');
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    throw new Failure(`Glacis needs Node.js ${wanted} or newer; this is ${version}.`);
  }
}
