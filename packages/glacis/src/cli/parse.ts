/**
 * The parser, made from the tables. A wrong command line ends in one sentence that names the flag and
 * the nearest one that exists.
 */
import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { commandNames, commandTable } from './commands.ts';
import { nearest } from './nearest.ts';
import {
  type CommandName,
  type OptionSpec,
  type OptionValues,
  optionNames,
  optionsOf,
  optionTable,
} from './options.ts';
import { signature } from './help.ts';

export type Request =
  | { readonly kind: 'help'; readonly command: CommandName | null }
  | {
      readonly kind: 'run';
      readonly command: CommandName;
      readonly model: string | null;
      readonly property: string | null;
      readonly values: OptionValues;
    };

/** What the words after `glacis` ask for. Throws UsageError. */
export function parseCommandLine(words: readonly string[]): Request {
  const [first, ...rest] = words;
  if (first === undefined || first === '--help' || first === '-h') return help(null);
  if (first === 'help') return help(rest[0] === undefined ? null : commandNamed(rest[0]));
  if (first.startsWith('-')) {
    throw new UsageError(`A command comes first: glacis ${commandNames.join('|')}; not ${first}.`);
  }
  const command = commandNamed(first);
  if (rest.includes('--help') || rest.includes('-h')) return help(command);
  const parser = parserOf(command);
  try {
    parser.parse(rest, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw explained(error, command, parser.args);
    throw error;
  }
  return {
    kind: 'run',
    command,
    model: parser.args[0] ?? null,
    property: parser.args[1] ?? null,
    values: valuesOf(command, parser.opts<Record<string, Given>>()),
  };
}

function help(command: CommandName | null): Request {
  return { kind: 'help', command };
}

function commandNamed(word: string): CommandName {
  const found = commandNames.find((name) => name === word);
  if (found) return found;
  const meant = nearest(word, commandNames);
  const advice = meant ? `did you mean ${meant}?` : `there are ${commandNames.join(', ')}.`;
  throw new UsageError(`There is no command ${word}; ${advice}`);
}

function parserOf(name: CommandName): Command {
  const parser = new Command(`glacis ${name}`)
    .helpOption(false)
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  if (name !== 'supports') parser.argument('[model]');
  if (commandTable[name].usage.includes('PROPERTY')) parser.argument('[property]');
  for (const option of optionsOf(name)) {
    const { flag, value, repeated }: OptionSpec<unknown> = optionTable[option];
    const made = new Option(value === null ? flag : `${flag} <${value}>`);
    if (repeated)
      made.argParser((raw: string, before?: readonly string[]) => [...(before ?? []), raw]);
    parser.addOption(made);
  }
  return parser;
}

/** What commander gives for a flag. */
type Given = string | boolean | readonly string[];

/** As commander names a flag: --straight-through is straightThrough. */
function camelCased(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function valuesOf(command: CommandName, given: Readonly<Record<string, Given>>): OptionValues {
  const values = optionsOf(command).flatMap((name) => {
    const { flag, parse }: OptionSpec<unknown> = optionTable[name];
    const raw = given[camelCased(flag)];
    if (raw === undefined) return [];
    const parsed = (text: string): unknown => {
      if (text.startsWith('--')) throw valueMissing(name);
      return parse(text, flag);
    };
    return [[name, Array.isArray(raw) ? raw.flatMap(parsed) : parsed(String(raw))] as const];
  });
  // Each value was made by the parser of its own row.
  return Object.fromEntries(values);
}

function valueMissing(name: keyof typeof optionTable): UsageError {
  const spec: OptionSpec<unknown> = optionTable[name];
  return new UsageError(`${spec.flag} needs a value: ${signature(spec)}, ${spec.meaning}.`);
}

function explained(
  error: CommanderError,
  command: CommandName,
  operands: readonly string[],
): UsageError {
  const named = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.unknownOption') {
    const own = optionsOf(command).map((name) => optionTable[name].flag);
    const elsewhere = optionNames.find((name) => optionTable[name].flag === named);
    if (elsewhere !== undefined) {
      const { commands } = optionTable[elsewhere];
      return new UsageError(
        `${named} belongs to glacis ${commands.join(' and ')}, not ${command}.`,
      );
    }
    const meant = nearest(named, own);
    const advice = meant
      ? `did you mean ${meant}?`
      : `glacis ${command} --help lists what there is.`;
    return new UsageError(`There is no option ${named} of glacis ${command}; ${advice}`);
  }
  if (error.code === 'commander.optionMissingArgument') {
    const flag = named.split(' ')[0] ?? '';
    const name = optionsOf(command).find((option) => optionTable[option].flag === flag);
    if (name !== undefined) return valueMissing(name);
  }
  if (error.code === 'commander.excessArguments') {
    const taken = command === 'supports' ? 0 : 1;
    const extra = operands[taken] ?? '';
    const what = taken === 0 ? 'flags alone' : 'one model';
    return new UsageError(
      `glacis ${command} takes ${what}; ${extra} is one word too many: values belong after a flag.`,
    );
  }
  return new UsageError(error.message.replace(/^error: /, ''));
}
