/**
 * Every option of every command, once: the parser, the help texts and docs/cli.md are made from this
 * table. `value` is what the help calls the flag's value (null: the flag has none).
 */
import { capabilityOptions } from './options/capability.ts';
import { inputsOptions } from './options/inputs.ts';
import { methodOptions } from './options/method.ts';
import { outputOptions } from './options/output.ts';
import { runOptions } from './options/run.ts';
import { threatOptions } from './options/threat.ts';
import { trainingOptions } from './options/training.ts';
import type { CommandName } from './options/spec.ts';

export { type CommandName, groups, type OptionSpec } from './options/spec.ts';

export const optionTable = {
  ...inputsOptions,
  ...threatOptions,
  ...methodOptions,
  ...trainingOptions,
  ...runOptions,
  ...capabilityOptions,
  ...outputOptions,
};

export type OptionName = keyof typeof optionTable;

/** What a command line says, parsed: only what was given. */
export type OptionValues = {
  readonly [K in OptionName]?: ReturnType<(typeof optionTable)[K]['parse']>;
};

export const optionNames = Object.keys(optionTable) as OptionName[];

export function optionsOf(command: CommandName): OptionName[] {
  return optionNames.filter((name) => optionTable[name].commands.some((own) => own === command));
}
