/**
 * `--resume DIR`: goes on with an interrupted run. What it was comes from its own run.json; that the
 * model, the data and the program are still the same is checked before anything is reused.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { row } from '@glacis/core';
import { optionNames, optionTable, type OptionName } from '../cli/options.ts';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { parseCommandLine } from '../cli/parse.ts';
import { messageOf, UsageError } from '../errors.ts';
import { version } from '../version.ts';
import { readAdversarial } from '../run/adversarial.ts';
import { Collected, type SavedPart } from '../run/collected.ts';
import type { Prepared } from '../run/prepare.ts';
import { parseParts, parseRun } from '../run/schema.ts';
import { adversarialFile, partsFile, runFile } from '../run/store.ts';
import { depthOf } from '../run/diagnosis.ts';
import { carryOut, type CommandRequest, exitCodeOf, shown } from './carry-out.ts';

/** What may be said anew when going on. */
const changeable: ReadonlySet<OptionName> = new Set([
  'resume',
  'workers',
  'time',
  'memory',
  'json',
  'quiet',
]);

export async function resumeRun(
  request: CommandRequest,
  folder: string,
  surroundings: Surroundings,
): Promise<Outcome> {
  const fixed = optionNames.find((name) => name in request.values && !changeable.has(name));
  if (fixed !== undefined || request.model !== null) {
    const what = fixed === undefined ? (request.model ?? '') : optionTable[fixed].flag;
    throw new UsageError(
      `--resume ${folder} takes everything from the run itself; leave out ${what}.`,
    );
  }
  const run = parseRun(await contentOf(folder, runFile), join(folder, runFile));
  if (!run.partial) {
    surroundings.terminal.say(`The run in ${folder} is finished; there is nothing to go on with.`);
    return {
      stdout: shown(run, folder, request.values, surroundings),
      exitCode: exitCodeOf(run),
    };
  }
  if (run.glacis !== version) {
    throw new UsageError(
      `The run in ${folder} was made by glacis ${run.glacis}, and this is ${version}; run it again.`,
    );
  }
  const [, ...words] = run.command;
  const original = parseCommandLine(words);
  if (original.kind !== 'run' || original.command !== 'audit') {
    throw new UsageError(`${join(folder, runFile)} is no audit that can go on; run it again.`);
  }
  // The time was for the earlier run, not for this one.
  const { time: _, ...kept } = original.values;
  const values = { ...kept, ...request.values };
  return carryOut(
    { words, model: original.model, values, job: 'audit', diagnosis: depthOf(values) },
    folder,
    surroundings,
    async (prepared) => {
      const { modelFile, inputs } = prepared.facts;
      checkSame(`the model ${modelFile.path}`, run.model.sha256, modelFile.sha256, folder);
      checkSame(`the data ${inputs.path}`, run.data.sha256, inputs.sha256, folder);
      const files = [...modelFile.notes, ...inputs.notes];
      const changed = files.find((note) => !run.notes.includes(note));
      if (changed !== undefined) {
        throw new UsageError(
          `The run in ${folder} cannot go on: it was begun with another file. ${changed}`,
        );
      }
      return { collected: await reusable(folder, prepared), spent: run.seconds.total };
    },
  );
}

function checkSame(what: string, before: string, now: string, folder: string): void {
  if (before === now) return;
  throw new UsageError(
    `The run in ${folder} cannot go on: ${what} is not the same file any more (sha256 ${now.slice(0, 12)}…, was ${before.slice(0, 12)}…).`,
  );
}

async function contentOf(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    throw new UsageError(`${folder} holds no run to go on with (${messageOf(error)}).`);
  }
}

/** The blocks that were finished, each checked against the data. */
async function reusable(folder: string, prepared: Prepared): Promise<Collected> {
  const collected = new Collected(prepared);
  const path = join(folder, adversarialFile);
  let parts: readonly SavedPart[];
  try {
    parts = parseParts(await readFile(join(folder, partsFile), 'utf8'), join(folder, partsFile));
  } catch (error) {
    // Stopped before the first block was done.
    if (error instanceof UsageError) throw error;
    return collected;
  }
  const adversarial = readAdversarial(new Uint8Array(await readFile(path)), path);
  for (const { block: id, ...part } of parts) {
    const block = prepared.blocks[id];
    const found = part.samples.map(({ index }) => adversarial.get(index) ?? null);
    if (block && fits(prepared, part, found))
      collected.add(block, { ...part, whole: true, adversarial: found });
  }
  return collected;
}

/** Whether samples are those of the data, and each adversarial input lies where it is said to. */
function fits(
  { inputs, threat }: Prepared,
  { samples }: Omit<SavedPart, 'block'>,
  adversarial: readonly (Float32Array | null)[],
): boolean {
  const positions = new Map(inputs.indices.map((index, position) => [index, position]));
  return samples.every(({ index, label, upper }, i) => {
    const position = positions.get(index);
    if (position === undefined || (inputs.y && inputs.y[position] !== label)) return false;
    const found = adversarial[i];
    if (upper === null) return true;
    return found != null && threat.distance(row(inputs.x, position), found) === upper;
  });
}
