/** A file's own labels are held against its greatest scores. */
import { openClassifier, readModel, type Runtime, tensor } from '@glacis/core';
import { expect, test } from 'vitest';
import type { Inputs } from '../../src/run/inputs.ts';
import { contradictedLabels } from '../../src/run/own-labels.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';
import { tinyModel, tinyPoints } from '../cli/tiny.ts';

const COUNT = 40;
const runtime = nodeRuntime();

/** A runtime in which the file also gives a label, made of its scores. */
function labelling(label: (scores: readonly number[]) => number): Runtime {
  return {
    name: 'labelling',
    session: async (bytes) => {
      const session = await runtime.session(bytes);
      const [scores = ''] = session.outputNames;
      return {
        ...session,
        outputNames: [...session.outputNames, 'label'],
        run: async (feeds) => {
          const found = await session.run(feeds);
          const own = label(Array.from(found[scores]?.data ?? [], Number));
          return { ...found, label: tensor('int64', [1], BigInt64Array.of(BigInt(own))) };
        },
      };
    },
  };
}

async function contradiction(on: Runtime): Promise<string | null> {
  const classifier = await openClassifier(readModel(tinyModel()), runtime);
  const inputs: Pick<Inputs, 'x' | 'indices'> = {
    x: tensor('float32', [COUNT, 2], tinyPoints(COUNT).x),
    indices: Array.from({ length: COUNT }, (_, i) => i),
  };
  try {
    return await contradictedLabels(classifier, on, inputs);
  } finally {
    await classifier.release();
  }
}

const greatest = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));
const least = (scores: readonly number[]): number => scores.indexOf(Math.min(...scores));

test('labels of the greatest scores contradict nothing, nor does a file without any', async () => {
  expect(await contradiction(labelling(greatest))).toBeNull();
  expect(await contradiction(runtime)).toBeNull();
});

test('labels of other classes are named, with what is believed', async () => {
  const said = await contradiction(labelling(least));
  expect(said).toContain('label output label is not the class of the greatest score in 40 of 40');
  expect(said).toContain('The scores are believed');
});
