/**
 * `glacis attack --method replay`: re-checks adversarial examples that anybody made, against the
 * original file. The run document has one more key, `replay`: what became of each example.
 */
import { replay, type ReplayOutcome, type ReplayPart, type Run } from '@glacis/core';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { counted, radiusBeside } from '../report/numbers.ts';
import { Collected } from '../run/collected.ts';
import { readExamples } from '../run/examples.ts';
import { type Prepared, prepareRun } from '../run/prepare.ts';
import { writeRun } from '../run/store.ts';
import { type CommandRequest, shown } from './carry-out.ts';

export async function replayCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { values } = request;
  if (values.examples === undefined) {
    throw new UsageError(
      '--method replay needs --examples FILE: the adversarial examples, a .npz.',
    );
  }
  const begun = Date.now();
  const prepared = await prepareRun({ ...request, job: ['standard'], diagnosis: null });
  try {
    const { terminal } = surroundings;
    const { classifier, inputs, threat } = prepared;
    const { examples, notes } = await readExamples(values.examples, inputs, classifier);
    const { x, y, indices } = inputs;
    const part = await replay({ classifier, data: { x, y, indices }, examples, threat });
    const all = { ...part, notes: [...part.notes, ...notes, ...faultNotes(part, threat.eps)] };
    [...prepared.facts.notes, ...all.notes].forEach((note) => terminal.note(note));
    const { run, files } = documentOf(prepared, all, (Date.now() - begun) / 1000);
    const folder = values.out ?? null;
    if (folder !== null) await writeRun(folder, await files());
    return { stdout: shown(run, folder, values, surroundings), exitCode: 0 };
  } finally {
    await prepared.release();
  }
}

/** The run document with what became of each example. */
interface ReplayRun extends Run {
  readonly replay: readonly {
    readonly index: number;
    readonly outcome: string;
    readonly distance: number | null;
  }[];
}

function documentOf(prepared: Prepared, part: ReplayPart, seconds: number) {
  const whole = new Collected({ ...prepared, blocks: prepared.blocks.slice(0, 1) });
  const [block] = prepared.blocks;
  if (block) whole.add(block, part);
  const run: ReplayRun = {
    ...whole.run(seconds),
    replay: part.samples.map(({ index }, i) => {
      const distance = part.distances[i] ?? null;
      const outcome = part.outcomes[i] ?? 'absent';
      return { index, outcome, distance: distance === Infinity ? null : distance };
    }),
  };
  return { run, files: () => whole.filesWithReport(run) };
}

/** Says which examples are no evidence at ε, and why. */
function faultNotes({ samples, outcomes, distances }: ReplayPart, eps: number): string[] {
  const name = (i: number): string => `#${samples[i]?.index ?? i}`;
  const note = (
    outcome: ReplayOutcome,
    say: (rows: readonly number[], list: string) => string,
    show = name,
  ): string[] => {
    const rows = outcomes.flatMap((own, i) => (own === outcome ? [i] : []));
    const more = rows.length > 8 ? ', …' : '';
    return rows.length === 0
      ? []
      : [say(rows, `(${rows.slice(0, 8).map(show).join(', ')}${more})`)];
  };
  return [
    ...note(
      'too far',
      ({ length }, list) =>
        `Too far: ${counted(length, 'example')} ${list} ${length === 1 ? 'lies' : 'lie'} beyond ε = ${eps} in float64 and ${length === 1 ? 'proves' : 'prove'} nothing at ε.`,
      (i) => `${name(i)} at ${radiusBeside(distances[i] ?? Number.NaN, eps)}`,
    ),
    ...note('invalid', ({ length }, list) => {
      const what = `Invalid: ${counted(length, 'example')} ${list}`;
      return length === 1
        ? `${what} leaves the valid range, changes a frozen feature, or is not finite.`
        : `${what} leave the valid range, change a frozen feature, or are not finite.`;
    }),
    ...note(
      'absent',
      ({ length }, list) => `No example was given for ${counted(length, 'input')} ${list}.`,
    ),
  ];
}
