/** Help texts, made from the tables and wrapped to the terminal. */
import { commandNames, commandTable } from './commands.ts';
import { type CommandName, groups, type OptionSpec, optionsOf, optionTable } from './options.ts';

const indent = '  ';

/** Words in lines of at most `width` columns, the first one after `lead`. */
function wrapped(words: string, width: number, lead: string, hang: string): string {
  const lines: string[] = [];
  let line = lead;
  let empty = true;
  for (const word of words.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = hang;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].join('\n');
}

/** "  head     explanation", the explanation hanging at one column. */
function entry(head: string, explanation: string, column: number, width: number): string {
  const hang = ' '.repeat(column);
  if (head.length + indent.length + 2 > column) {
    return `${indent}${head}\n${wrapped(explanation, width, hang, hang)}`;
  }
  return wrapped(explanation, width, `${indent}${head}`.padEnd(column), hang);
}

export function signature({ flag, value }: OptionSpec<unknown>): string {
  return value === null ? flag : `${flag} ${value}`;
}

export function mainHelp(width: number): string {
  return [
    'Glacis finds out how far a neural network can be trusted.',
    '',
    'Usage: glacis COMMAND [options]',
    '',
    ...commandNames.map((name) => entry(name, commandTable[name].summary, 12, width)),
    '',
    entry('glacis COMMAND --help', 'the options of a command, with examples', 27, width),
    entry('glacis --version', 'the version', 27, width),
    entry('glacis --name', 'the name', 27, width),
    '',
    'Start here: glacis audit --example digits',
    '',
  ].join('\n');
}

export function commandHelp(name: CommandName, width: number): string {
  const { usage, description, examples } = commandTable[name];
  const column = 24;
  const sections = groups.flatMap((group) => {
    const options = optionsOf(name).filter((option) => optionTable[option].group === group);
    if (options.length === 0) return [];
    const lines = options.map((option) => {
      const spec: OptionSpec<unknown> = optionTable[option];
      const standard = spec.default === undefined ? '' : ` (default: ${spec.default})`;
      return entry(signature(spec), spec.meaning + standard, column, width);
    });
    return [`${group}:`, ...lines, ''];
  });
  return [
    `Usage: ${usage}`,
    '',
    wrapped(description, width, '', ''),
    '',
    ...sections,
    'Examples:',
    ...examples.flatMap(([command, meaning]) => [`${indent}# ${meaning}`, `${indent}${command}`]),
    '',
  ].join('\n');
}
