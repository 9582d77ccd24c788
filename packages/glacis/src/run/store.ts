/**
 * The run folder. Files are written beside their final place and renamed, so nothing is ever half
 * written; only a folder that does not exist, is empty, or holds a run of ours is written to.
 */
import { randomBytes } from 'node:crypto';
import {
  access,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, UsageError } from '../errors.ts';
import { holdsAdversarial } from './adversarial.ts';

export const runFile = 'run.json';
export const adversarialFile = 'adversarial.npz';
export const reportFile = 'report.html';
/** Only in unfinished runs: what --resume goes on from. */
export const partsFile = 'parts.json';

const ours: readonly string[] = [runFile, adversarialFile, reportFile, partsFile];

/** Whether --out names a file for the adversarial inputs alone, and not a run folder. */
export function isSingleFile(out: string): boolean {
  return /\.npz$/i.test(out);
}

/** Throws UsageError unless a file can be written there, and what is there is one that `isOurs`. */
export async function claimFile(
  path: string,
  isOurs: (path: string) => Promise<boolean>,
): Promise<void> {
  await saying(path, 'file', async () => {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists && !(await isOurs(path))) {
      throw new UsageError(
        `${path} is a file that Glacis did not write so; nothing is overwritten: choose another.`,
      );
    }
    await rmdir(await mkdtemp(join(dirname(resolve(path)), '.glacis-')));
  });
}

/** Throws UsageError unless `folder` can be made, or be replaced, and be written to. */
export async function claimFolder(folder: string): Promise<void> {
  if (isSingleFile(folder)) return claimFile(folder, holdsAdversarial);
  await saying(folder, 'folder', async () => {
    const names = await namesIn(folder);
    if (names && names.length > 0 && !(await holdsRun(folder))) {
      throw new UsageError(
        `--out ${folder} is a folder that holds no run of Glacis; nothing is overwritten: choose another.`,
      );
    }
    await ensureFolder(dirname(resolve(folder)));
    // Where the run will be written, a folder must be possible.
    const place = names ? folder : dirname(resolve(folder));
    await rmdir(await mkdtemp(join(place, '.glacis-')));
  });
}

/** Makes a folder and those it is in. (mkdir's own `recursive` never ends where a name is refused.) */
async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(folder) !== folder) {
      await ensureFolder(dirname(folder));
      await mkdir(folder);
    } else if (codeOf(error) !== 'EEXIST') throw error;
  }
}

async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function holdsRun(folder: string): Promise<boolean> {
  try {
    const run: unknown = JSON.parse(await readFile(join(folder, runFile), 'utf8'));
    const schema = typeof run === 'object' && run && 'schema' in run ? run.schema : null;
    return typeof schema === 'string' && schema.startsWith('glacis/run/');
  } catch {
    return false;
  }
}

export type RunFiles = Readonly<Record<string, string | Uint8Array>>;

/**
 * Writes the files of a run (or, to a single file, its adversarial inputs), run.json last; files of ours that are not among them are removed.
 * Throws UsageError and leaves what was there.
 */
export async function writeRun(folder: string, files: RunFiles): Promise<void> {
  if (isSingleFile(folder)) return writeFileWhole(folder, files[adversarialFile] ?? '');
  await saying(folder, 'folder', async () => {
    if ((await namesIn(folder)) === null) await writeAnew(folder, files);
    else await writeInto(folder, files);
  });
}

async function writeAnew(folder: string, files: RunFiles): Promise<void> {
  const target = resolve(folder);
  const beside = join(dirname(target), `.${basename(target)}-${randomBytes(4).toString('hex')}`);
  await mkdir(beside);
  try {
    for (const [name, content] of Object.entries(files))
      await writeFile(join(beside, name), content);
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

async function writeInto(folder: string, files: RunFiles): Promise<void> {
  const suffix = `.${randomBytes(4).toString('hex')}.tmp`;
  // run.json says that the others are there, so it comes last.
  const names = Object.keys(files).sort((a, b) => Number(a === runFile) - Number(b === runFile));
  try {
    for (const name of names) await writeFile(join(folder, name + suffix), files[name] ?? '');
  } catch (error) {
    for (const name of names) await rm(join(folder, name + suffix), { force: true });
    throw error;
  }
  for (const name of names) await rename(join(folder, name + suffix), join(folder, name));
  for (const name of ours) if (!names.includes(name)) await rm(join(folder, name), { force: true });
}

/** Writes one file the same way. Throws UsageError. */
export async function writeFileWhole(path: string, content: string | Uint8Array): Promise<void> {
  await saying(path, 'file', async () => {
    const beside = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await writeFile(beside, content);
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; choose a folder you may write to',
  EPERM: 'permission denied; choose a folder you may write to',
  EROFS: 'the file system is read-only; choose another place',
  ENOSPC: 'the disk is full; free some space or choose another place',
  EDQUOT: 'the disk quota is used up; free some space or choose another place',
  ENOTDIR: 'it, or a part of its path, is a file; choose another place',
  EEXIST: 'it, or a part of its path, is a file; choose another place',
  EISDIR: 'it is a folder; name a file',
};

/** Why nothing can be made at `path`, though no permission was missing. */
async function absence(path: string, kind: 'file' | 'folder'): Promise<string> {
  const parent = dirname(path);
  const exists = await access(parent).then(
    () => true,
    () => false,
  );
  if (exists || dirname(parent) === parent) {
    return `the ${kind} cannot be made there, in ${parent}; choose another place`;
  }
  // Folders are made as needed, so what cannot be made is the first that is missing.
  return kind === 'folder' ? absence(parent, kind) : 'the folder it should be in does not exist';
}

async function saying(
  path: string,
  kind: 'file' | 'folder',
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason =
      codeOf(error) === 'ENOENT'
        ? await absence(resolve(path), kind)
        : (reasons[codeOf(error)] ?? messageOf(error));
    throw new UsageError(`${path} cannot be written: ${reason}.`);
  }
}
