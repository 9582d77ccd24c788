/** What `inspect` says of every model of the corpus: the command itself, without its own process. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Terminal } from '../../src/cli/terminal.ts';
import { inspectCommand } from '../../src/commands/inspect.ts';
import type { Inspection } from '../../src/inspect/inspection.ts';
import { descriptions } from '../corpus/references.ts';
import { refused } from '../corpus/refused.ts';

const surroundings = {
  terminal: new Terminal({ quiet: true, color: false }),
  color: false,
  width: 100,
};

async function inspected(name: string, values: { readonly json?: true } = {}): Promise<string> {
  const model = fileURLToPath(new URL(`../../../../fixtures/models/${name}.onnx`, import.meta.url));
  const request = { words: ['inspect', model], model, property: null, values };
  const { stdout, exitCode } = await inspectCommand(request, surroundings);
  expect(exitCode).toBe(0);
  return stdout;
}

test.each(Object.keys(descriptions))('%s is listed', async (name) => {
  const text = await inspected(name);
  expect(text).toContain(name in refused ? 'Not supported: ' : 'Supported: all ');
});

test('an output that is no tensor is listed as what it is', async () => {
  const { model } = JSON.parse(await inspected('sklearn-logistic', { json: true })) as Inspection;
  expect(model.outputs).toEqual([
    { name: 'output_label', type: 'int64', shape: ['output_label.0'] },
    { name: 'output_probability', type: 'sequence', shape: [] },
  ]);
});
