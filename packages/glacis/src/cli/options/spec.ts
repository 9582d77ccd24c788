/** What an option is, and how a row of the table is written. */
import type * as parse from '../values.ts';

export type CommandName =
  | 'audit'
  | 'attack'
  | 'diagnose'
  | 'certify'
  | 'bounds'
  | 'verify'
  | 'supports'
  | 'bench'
  | 'inspect'
  | 'harden';

export const groups = [
  'Inputs',
  'Threat',
  'Method',
  'Training',
  'Run',
  'Capability',
  'Output',
] as const;

export interface OptionSpec<T> {
  readonly flag: string;
  readonly value: string | null;
  readonly default?: string;
  readonly meaning: string;
  readonly group: (typeof groups)[number];
  readonly commands: readonly CommandName[];
  readonly parse: parse.Parse<T>;
  /** The flag may be given more than once; each value is parsed to a list, and the lists are joined. */
  readonly repeated?: true;
}

/** A flag without a value. */
export const on: parse.Parse<true> = () => true;
export const attacking = ['audit', 'attack', 'diagnose'] as const;
export const runs = [...attacking, 'certify'] as const;
export const inputs = [...runs, 'bounds'] as const;
export const all = [...inputs, 'inspect'] as const;
export const every = [...all, 'verify'] as const;
/** What reads labelled data, and what chooses among them. */
export const reading = [...all, 'harden'] as const;
export const choosing = [...runs, 'harden'] as const;

export function row<T>(
  group: OptionSpec<T>['group'],
  commands: readonly CommandName[],
  flag: string,
  value: string | null,
  read: parse.Parse<T>,
  meaning: string,
  standard?: string,
): OptionSpec<T> {
  const base = { flag, value, meaning, group, commands, parse: read };
  return standard === undefined ? base : { ...base, default: standard };
}

/** A flag that may be given more than once. */
export function list<T>(...cells: Parameters<typeof row<T[]>>): OptionSpec<T[]> {
  return { ...row(...cells), repeated: true };
}
