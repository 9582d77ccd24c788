/** The digits' hardened twins are not called masked in ℓ2, whose own steps cannot cross the valid box on them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diagnose, openClassifier, readModel, Threat } from '@glacis/core';
import { expect, test } from 'vitest';
import { readData } from '../../src/data/read.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';

const digits = fileURLToPath(new URL('../../../../examples/digits/', import.meta.url));

test.each([
  ['adversarial', 'l2', 1],
  ['certified', 'l2', 0.5],
] as const)('%s.onnx within %s %d', async (name, norm, eps) => {
  const runtime = nodeRuntime();
  const { x, y } = await readData(join(digits, 'digits.npz'), { first: 40 });
  const model = readModel(readFileSync(join(digits, `${name}.onnx`)));
  const classifier = await openClassifier(model, runtime);
  try {
    const threat = new Threat(norm, { eps, clip: [0, 1] });
    const data = { x, y: Array.from(y ?? []) };
    const options = { classifier, runtime, data, threat, depth: 'quick', audited: [] } as const;
    const { masking, evidence } = await diagnose(options);
    expect(masking.verdict).toBe('none');
    expect(evidence.trials.unbounded?.broken.every(Boolean)).toBe(true);
  } finally {
    await classifier.release();
  }
});
