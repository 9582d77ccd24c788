/** docs/cli.md says what the tables say; `-u` writes it. */
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { reference } from '../../src/cli/reference.ts';

const file = fileURLToPath(new URL('../../../../docs/cli.md', import.meta.url));

test('the reference in docs/cli.md is that of the option table', async () => {
  const options = await resolveConfig(file);
  const text = await format(reference(), { ...options, filepath: file });
  await expect(text).toMatchFileSnapshot(file);
});
