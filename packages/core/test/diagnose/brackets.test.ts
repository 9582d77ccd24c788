// Radii that nobody has asked for: both ends of the margin of a few inputs, known here in closed form.
import { expect, test } from 'vitest';
import { Ledger } from '../../src/audit/ledger.ts';
import { cleanEntries, labelsOf } from '../../src/audit/stages.ts';
import { bracketSome } from '../../src/diagnose/brackets.ts';
import { Threat } from '../../src/threats/threat.ts';
import { bent, rowsAtOne, unitWeights } from './models.ts';

test('a few inputs are bracketed where nobody has asked for radii', async () => {
  const many = unitWeights(24);
  const classifier = await bent(many, (_, t) => t);
  const data = rowsAtOne(many);
  const labelled = classifier.withLabels(await labelsOf(classifier, data));
  const threat = new Threat('linf', { eps: 0.6 });
  const ledger = new Ledger(await cleanEntries(labelled, data), threat, 'float32');
  const context = { classifier: labelled, threat, seed: 0 };
  const bracketed = await bracketSome(context, ledger, ledger.entries);
  const again = await bracketSome(context, ledger, ledger.entries);
  await classifier.release();
  expect(bracketed).toHaveLength(12);
  // w·x = 1 and ‖w‖₁ = 1: broken at 1 and beyond.
  for (const { lower, upper } of bracketed) {
    expect(lower).toBeGreaterThan(0.9);
    expect(lower).toBeLessThanOrEqual(1 + 1e-6);
    expect(upper).toBeGreaterThan(1 - 1e-6);
    expect(upper).toBeLessThan(1.06);
  }
  expect(again).toEqual([]);
});
