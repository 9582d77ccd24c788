/** docs/cli.md says what the tables say; `-u` writes it. */
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { indicators } from '@glacis/core';
import { commandTable } from '../../src/cli/commands.ts';
import { reference } from '../../src/cli/reference.ts';

const file = fileURLToPath(new URL('../../../../docs/cli.md', import.meta.url));

test('the reference in docs/cli.md is that of the option table', async () => {
  const options = await resolveConfig(file);
  const text = await format(reference(), { ...options, filepath: file });
  await expect(text).toMatchFileSnapshot(file);
});

test('the indicators that diagnose --help lists, by what they prove, are those of the table', () => {
  const { description } = commandTable.diagnose;
  const [, proofs = '', signs = '', remarks = ''] = description.split(
    /proof confirms:|none counts:|nothing of masking:/,
  );
  const named = (text: string): string[] => text.match(/[a-z]+(-[a-z]+)+/g) ?? [];
  const weighing = (weight: string): string[] =>
    indicators.filter((indicator) => indicator.weight === weight).map(({ id }) => id);
  expect([proofs, signs, remarks].map(named)).toEqual([
    weighing('proof'),
    weighing('sign'),
    weighing('remark'),
  ]);
});
