/** `glacis supports`: what the VNN-LIB standard has a solver report, a line for each answer. */
import { capabilities } from '@glacis/core';
import { MISSPELT, type Reported, reportedNames } from '../cli/options/capability.ts';
import { optionsOf, optionTable, type OptionValues } from '../cli/options.ts';
import type { Outcome } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import type { CommandRequest } from './carry-out.ts';

export function supportsCommand({ values }: CommandRequest): Promise<Outcome> {
  const asked = askedOf(values);
  if (values.json) {
    // Without a name this is all there is to say.
    const names = asked.length === 0 ? reportedNames : asked;
    const answers = Object.fromEntries(names.map((name) => [name, linesOf(name)]));
    return Promise.resolve({ stdout: `${JSON.stringify(answers, null, 2)}\n`, exitCode: 0 });
  }
  const [only, another] = asked;
  if (only === undefined || another !== undefined) {
    const all = reportedNames.map((name) => `--${name}`).join(', ');
    throw new UsageError(`Which capability? glacis supports takes one of ${all}.`);
  }
  const lines = linesOf(only).map((line) => `${line}\n`);
  return Promise.resolve({ stdout: lines.join(''), exitCode: 0 });
}

function askedOf(values: OptionValues): Reported[] {
  return reportedNames.filter((name) => {
    const isMisspelt = name === 'multiple-input-output-theories' && values[MISSPELT];
    return values[name] || isMisspelt;
  });
}

function linesOf(name: Reported): readonly string[] {
  if (name !== 'serialise-assignments') return capabilities[name]();
  return [String(optionsOf('verify').some((own) => optionTable[own].flag === `--${name}`))];
}
