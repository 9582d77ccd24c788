/** docs/cli.md, made from the tables. A test holds the file to this. */
import { commandNames, commandTable } from './commands.ts';
import { type CommandName, groups, type OptionSpec, optionsOf, optionTable } from './options.ts';
import { signature } from './help.ts';

const exitCodes: readonly (readonly [number, string])[] = [
  [0, 'done (`inspect`: also with unsupported operators, which it lists)'],
  [
    1,
    '`--check` failed, or could not be done because the file cannot be read (outputs that agree where no gradient can be compared are no failure: `passed` is null then); of `bench`: a verdict contradicts what is expected',
  ],
  [2, 'bad usage, input or output, or an unsupported model: one sentence on stderr says which'],
  [
    3,
    'nothing was decided (`verify`: unknown or timed-out; `bounds`: a value inside is not finite; `audit`, `attack`, `certify`: every input is an error, such as a score that is no number)',
  ],
  [70, 'an internal error: please report it; `GLACIS_DEBUG=1` shows where'],
  [
    130,
    'interrupted by Ctrl-C (143 by SIGTERM); with `--out`, what was finished is kept, and `glacis audit --resume DIR` goes on with an audit',
  ],
];

export function reference(): string {
  return [
    '# The command line',
    '',
    '<!-- Made from packages/glacis/src/cli/options.ts and commands.ts; npx vitest run packages/glacis/test/cli/reference.test.ts -u writes it. -->',
    '',
    'Results go to stdout, notes and progress to stderr. With `--json`, stdout holds one JSON document and nothing else. `NO_COLOR` turns colours off. Files whose names end in `.gz` are unpacked as they are read.',
    '',
    ...commandNames.flatMap(command),
    '## Exit codes',
    '',
    '| code | meaning |',
    '| ---- | ------- |',
    ...exitCodes.map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`),
    '',
  ].join('\n');
}

function command(name: CommandName): string[] {
  const { usage, description, examples } = commandTable[name];
  const rows = groups.flatMap((group) =>
    optionsOf(name)
      .filter((option) => optionTable[option].group === group)
      .map((option) => {
        const spec: OptionSpec<unknown> = optionTable[option];
        const standard = spec.default === undefined ? '' : ` Default: ${spec.default}.`;
        return `| \`${cell(signature(spec))}\` | ${cell(spec.meaning)}.${cell(standard)} |`;
      }),
  );
  return [
    `## glacis ${name}`,
    '',
    '```sh',
    usage,
    '```',
    '',
    description,
    '',
    '| option | meaning |',
    '| ------ | ------- |',
    ...rows,
    '',
    'Examples:',
    '',
    '```sh',
    ...examples.flatMap(([line, meaning], i) => [...(i > 0 ? [''] : []), `# ${meaning}`, line]),
    '```',
    '',
  ];
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
