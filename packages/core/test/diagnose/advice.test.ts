// Advice names flags that apply to what was examined, and attacks that serve its norm.
import { expect, test } from 'vitest';
import { attackTable } from '../../src/attacks/table.ts';
import { passing, withoutGradients } from '../../src/diagnose/advice.ts';
import type { Evidence } from '../../src/diagnose/evidence.ts';
import { indicators } from '../../src/diagnose/indicators.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights } from '../attacks/linear-model.ts';

const norms = ['linf', 'l2', 'l1', 'l0'] as const;

test('only a model that draws is to be averaged, only one with steps to be passed straight through', () => {
  const norm = 'linf';
  expect(passing({ norm, passable: false, random: false })).toBeUndefined();
  expect(passing({ norm, passable: true, random: false })).not.toContain('--eot');
  expect(passing({ norm, passable: false, random: true })).not.toContain('--straight-through');
  expect(passing({ norm, passable: true, random: true })).toMatch(/--straight-through.*--eot/);
});

test('methods that advice names exist and serve the norm', async () => {
  const classifier = await linearClassifier(randomWeights(4));
  for (const norm of norms) {
    const threat = new Threat(norm, { eps: 1, clip: [0, 1] });
    const examined = { norm, passable: false, random: false };
    // What advice goes by is said apart from all measurements.
    const evidence = { examined } as Evidence;
    const texts = indicators.map((indicator) => indicator.advise(evidence));
    const named = texts.flatMap((text) =>
      [...text.matchAll(/glacis attack.*--method ([a-z,-]+)/g)].flatMap(([, list = '']) =>
        list.split(','),
      ),
    );
    expect(named).toContain('apgd-margin');
    expect(withoutGradients(examined).includes('square')).toBe(norm !== 'l0');
    for (const name of named.filter((each) => each !== 'standard')) {
      const attack = Object.entries(attackTable).find(([id]) => id === name)?.[1];
      const refusal = attack ? (attack.refusal?.({ classifier, threat }) ?? 'none') : 'unknown';
      expect({ norm, name, refusal }).toEqual({ norm, name, refusal: 'none' });
    }
  }
  await classifier.release();
});
