// Installs the dependencies when what is installed is not what the lockfile asks for.
// A stamp (a hash of every file that decides) makes the usual answer cheap; without it the installed
// tree is compared with the lockfile, so that a plain `npm ci` or `npm install` is recognised.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Failure, at, readJson, say } from './project.js';
import { run, runNode } from './process.js';

const stamp = at('node_modules/.glacis-setup');
const workspaces = readJson(at('package.json')).workspaces;

/** A hash of all that decides what is installed. */
export function installFingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  const manifests = ['.', ...workspaces].map((folder) => `${folder}/package.json`);
  for (const file of [...manifests, 'package-lock.json', '.npmrc']) {
    hash.update(`\0${file}\0`);
    if (existsSync(at(file))) hash.update(readFileSync(at(file)));
  }
  return hash.digest('hex');
}

/** Whether the packages in place are those of the lockfile, and the lockfile that of the manifests. */
export function isInstalled() {
  if (!existsSync(at('node_modules/.package-lock.json')) || !hasCommands()) return false;
  const fingerprint = installFingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return true;
  if (!matchesLockfile()) return false;
  writeFileSync(stamp, fingerprint);
  return true;
}

/** `npm ci`, or `npm install` where there is no lockfile yet. Throws a Failure in one sentence. */
export async function install() {
  say('Installing dependencies …');
  const command = existsSync(at('package-lock.json')) ? 'ci' : 'install';
  const { code, stderr } = await npm([command, '--include=dev', '--loglevel=error']);
  if (code !== 0) {
    if (/EUSAGE/.test(stderr)) {
      throw new Failure('package.json and package-lock.json disagree: run `npm install` once.');
    }
    if (
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/.test(stderr)
    ) {
      throw new Failure('The dependencies could not be downloaded: check the network connection.');
    }
    process.stderr.write(stderr);
    throw new Failure(
      `The dependencies could not be installed: npm ${command} ended with ${code}.`,
    );
  }
  writeFileSync(stamp, installFingerprint());
}

/** Runs npm, the one that runs us if there is one; its output goes to stderr. */
function npm(args) {
  const options = {
    stdio: ['ignore', 2, 'pipe'],
    env: {
      ONNXRUNTIME_NODE_INSTALL: 'skip',
      // Give up after half a minute without a network instead of two.
      npm_config_fetch_retry_mintimeout: '2000',
      npm_config_fetch_retry_maxtimeout: '10000',
    },
  };
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return runNode([cli, ...args], options);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
}

/** Whether each workspace's commands are linked, as far as their files exist. */
function hasCommands() {
  return workspaces.every((folder) =>
    Object.entries(readJson(at(folder, 'package.json')).bin ?? {}).every(
      ([name, file]) => !existsSync(at(folder, file)) || existsSync(at('node_modules/.bin', name)),
    ),
  );
}

function matchesLockfile() {
  if (!existsSync(at('package-lock.json'))) return false;
  const wanted = readJson(at('package-lock.json')).packages;
  const present = readJson(at('node_modules/.package-lock.json')).packages;
  const asked = (manifest) =>
    ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].map(
      (kind) => manifest?.[kind] ?? {},
    );
  const isUpToDate = ['', ...workspaces].every((folder) =>
    isDeepStrictEqual(asked(wanted[folder]), asked(readJson(at(folder, 'package.json')))),
  );
  const isComplete = Object.entries(wanted).every(
    ([folder, entry]) =>
      !folder.includes('node_modules/') ||
      (folder in present
        ? present[folder].version === entry.version && existsSync(at(folder))
        : entry.optional || entry.devOptional || entry.peer),
  );
  return isUpToDate && isComplete;
}
