// Compiles the packages and the tools when their sources have changed or their outputs have gone.
// Freshness is a hash of the sources' contents, not of dates: a branch switched there and back costs
// nothing. `tsc -b` never removes the output of a source that was deleted; that happens here.
// Also bundles the command line, and copies the embedded example to where its package ships it from.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Failure, at, readJson, say } from './project.js';
import { bundle, bundled } from './bundle.js';
import { installFingerprint } from './install.js';
import { runNode } from './process.js';

const stamp = at('node_modules/.glacis-build');

/** What `tsc -b` compiles: the folders of each project, what they are relative to, and the output. */
const projects = [
  ...readJson(at('package.json')).workspaces.map((folder) => ({
    base: `${folder}/src`,
    folders: ['.'],
    output: `${folder}/dist`,
    config: `${folder}/tsconfig.json`,
  })),
  {
    base: '.',
    folders: ['bench', 'soak', 'examples'],
    output: '.build',
    config: 'tsconfig.tools.json',
  },
];

/** Files that a package ships but that have their home elsewhere. */
const copies = ['digits.onnx', 'digits.npz'].map((name) => ({
  from: `examples/digits/${name}`,
  to: `packages/glacis/example/${name}`,
}));

export function isBuilt() {
  return (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === buildFingerprint() &&
    projects.every((project) => missing(project).length === 0 && orphans(project).length === 0) &&
    copies.every(({ to }) => existsSync(at(to))) &&
    bundled.every((file) => existsSync(at(file)))
  );
}

/** Throws a Failure when the sources do not compile; the compiler has said why on stderr. */
export async function build() {
  say('Building …');
  const fingerprint = buildFingerprint();
  for (const project of projects) {
    // The compiler believes its own record rather than the disk; without it, it writes everything.
    if (missing(project).length > 0) rmSync(at(project.output, '.tsbuildinfo'), { force: true });
    orphans(project).forEach(removeOutput);
  }
  const args = [at('node_modules/typescript/bin/tsc'), '-b'];
  if (process.stderr.isTTY) args.push('--pretty');
  const { code } = await runNode(args, { stdio: ['ignore', 2, 2] });
  if (code !== 0) throw new Failure('The sources do not compile (see above).');
  copies.forEach(copy);
  await bundle();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, fingerprint);
}

function buildFingerprint() {
  const hash = createHash('sha256').update(installFingerprint());
  const configs = projects.map((project) => project.config);
  const shipped = copies.map(({ from }) => from).filter((file) => existsSync(at(file)));
  const compiled = [
    'tsconfig.json',
    'tsconfig.base.json',
    'scripts/bundle.js',
    ...configs,
    ...projects.flatMap(sources),
  ];
  const files = [...compiled, ...shipped];
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(at(file)));
  return hash.digest('hex');
}

function copy({ from, to }) {
  if (!existsSync(at(from)))
    throw new Failure(`${from} is missing; git checkout ${from} restores it.`);
  mkdirSync(path.dirname(at(to)), { recursive: true });
  copyFileSync(at(from), at(to));
}

/** The project's TypeScript files, relative to the repository, in a fixed order. */
function sources({ base, folders }) {
  return folders
    .flatMap((folder) => list(path.posix.join(base, folder)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .toSorted();
}

/** Paths, without ending, at which the project's sources have their outputs. */
function stems(project) {
  return sources(project).map((file) =>
    path.posix.join(project.output, path.posix.relative(project.base, file.replace(/\.ts$/, ''))),
  );
}

function missing(project) {
  const present = new Set(list(project.output));
  return stems(project).filter(
    (stem) => !present.has(`${stem}.js`) || !present.has(`${stem}.d.ts`),
  );
}

function orphans(project) {
  const known = new Set(stems(project));
  const ending = /(\.js|\.d\.ts)(\.map)?$/;
  return list(project.output).filter((f) => ending.test(f) && !known.has(f.replace(ending, '')));
}

function removeOutput(file) {
  rmSync(at(file), { force: true });
  try {
    for (let folder = path.dirname(file); ; folder = path.dirname(folder)) rmdirSync(at(folder));
  } catch {
    // Not empty: it stays.
  }
}

/** Every file under a folder, relative to the repository; none when there is no such folder. */
function list(folder) {
  if (!existsSync(at(folder))) return [];
  return readdirSync(at(folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : list(file);
    return [file];
  });
}
