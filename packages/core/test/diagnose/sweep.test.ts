// What stands after the examination is attacked through the model's steps too, not only by means of many gradients.
import { expect, test } from 'vitest';
import { Ledger } from '../../src/audit/ledger.ts';
import { cleanEntries } from '../../src/audit/stages.ts';
import { depths, sweep } from '../../src/diagnose/gather.ts';
import { openAdapted } from '../../src/diagnose/stand-ins.ts';
import { Threat } from '../../src/threats/threat.ts';
import { runtime } from '../attacks/linear-model.ts';
import { bent, ROWS, rowsAtOne, unitWeights } from './models.ts';

test('a linear model behind rounded inputs is broken wherever its margin is below the radius', async () => {
  const w = unitWeights(24);
  const opened = await bent(w, (_, t) => t, {
    before: (b, x) => b.mul(b.push('round', [b.mul(x, 8)], {}), 1 / 8),
  });
  const entries = await cleanEntries(opened, rowsAtOne(w));
  const labels = new Map(entries.map(({ index, label }) => [index, label]));
  const classifier = opened.withLabels(labels);
  const adapted = await openAdapted(opened, runtime);
  const threat = new Threat('linf', { eps: 1.5 });
  const ledger = new Ledger(entries, threat, 'float32');
  // No step of those: what comes after them reaches a third of the radius at most.
  const none = { steps: 0, draws: 1 };
  await sweep(
    {
      context: { classifier, threat, seed: 0 },
      ledger,
      entries,
      depth: { ...depths.full, averaged: none, chords: none },
      surrogates: [],
      adapted: adapted && adapted.withLabels(labels),
      onStage: () => undefined,
    },
    entries,
  );
  await opened.release();
  await adapted?.release();
  expect(entries.filter(({ upper }) => upper !== null && upper <= 1.5)).toHaveLength(ROWS);
  expect(new Set(entries.map(({ upperMethod }) => upperMethod))).toEqual(new Set(['pgd-adapted']));
});
