// What is known to be broken is not attacked again at ε, and its radius is searched below what is known.
import { expect, test } from 'vitest';
import type { Attack } from '../../src/attacks/attack.ts';
import { emptyOutcome } from '../../src/attacks/attack.ts';
import { attackTable } from '../../src/attacks/table.ts';
import { audit } from '../../src/audit/audit.ts';
import { defaultPlan, type Plan } from '../../src/audit/plan.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowsOn, runtime } from '../attacks/linear-model.ts';

const [FEATURES, ROWS] = [12, 6];
const w = randomWeights(FEATURES);
const { rows, margins } = rowsOn(w, ROWS, 1);
const slope = w.reduce((sum, value) => sum + Math.abs(value), 0);
const exact = margins.map((margin) => margin / slope);
const eps = 2 * Math.max(...exact);

/** Steps against the weights, so many times as far as the boundary is, where this is within its radius. */
function known(id: string, times: number, traits: Partial<Attack> = {}): Attack {
  return {
    id,
    side: 'attack',
    aim: 'ball',
    cost: { forwards: 0, gradients: 0 },
    run: (context, asked, outcome = emptyOutcome(asked, context)) => {
      for (let row = 0; row < asked.count; row++) {
        const far = times * (exact[asked.streams[row] ?? 0] ?? 0);
        const away = asked.labels[row] === 0 ? -1 : 1;
        if (far > (asked.radii[row] ?? 0)) continue;
        for (let i = 0; i < FEATURES; i++) {
          const at = row * FEATURES + i;
          outcome.best[at] = (asked.x[at] ?? 0) + away * far * Math.sign(w[i] ?? 0);
        }
      }
      return Promise.resolve(outcome);
    },
    ...traits,
  };
}

async function run(plan: Partial<Plan>, { radii = true, eightBit = false } = {}) {
  const classifier = await linearClassifier(w);
  const grid = (value: number): number =>
    Math.fround(-9 + (18 * Math.round((value + 9) * (255 / 18))) / 255);
  const part = await audit({
    model: classifier.model,
    classifier,
    runtime,
    threat: new Threat('linf', { eps, clip: [-9, 9], eightBit }),
    radii,
    proofs: false,
    plan: { ...defaultPlan(), noise: null, attacks: [], search: [], polish: [], ...plan },
    data: {
      x: floats(eightBit ? rows.x.map(grid) : rows.x, [ROWS, FEATURES]),
      y: [...rows.labels],
    },
  });
  await classifier.release();
  return part;
}

test('an attack at ε is not asked about what noise broke', async () => {
  const noise = known('noise', 1.1, { side: 'noise' });
  const { methods, samples } = await run(
    { noise, attacks: [known('again', 1.1)] },
    { radii: false },
  );
  expect(methods.map(({ id }) => id)).toEqual(['noise']);
  expect(samples.map(({ verdict }) => verdict)).toEqual(rows.streams.map(() => 'falsified'));
});

test.each([
  ['noise', { noise: known('noise', 1.5, { side: 'noise' }) }],
  ['a search for the nearest', { nearest: [known('near', 1.5, { aim: 'nearest' })] }],
])(
  'a weaker attack at ε does not keep radii below the break of %s from being tried',
  async (_, by) => {
    const { samples } = await run({
      attacks: [known('in vain', Infinity)],
      search: [attackTable.fgsm],
      ...by,
    });
    samples.forEach(({ upper }, row) =>
      expect((upper ?? Infinity) / (exact[row] ?? 0)).toBeLessThan(1.001),
    );
  },
);

test.each([false, true])(
  'what methods cost adds up to what inputs cost (in eight bits: %s)',
  async (eightBit) => {
    const { samples, methods } = await run(
      { attacks: [known('in vain', Infinity), attackTable.fgsm] },
      { radii: false, eightBit },
    );
    const sum = (of: readonly { forwards: number; gradients: number }[]) =>
      of.reduce(
        (all, one) => [(all[0] ?? 0) + one.forwards, (all[1] ?? 0) + one.gradients],
        [0, 0],
      );
    // Beside the methods: the answer to the input itself, and the gradient of its margin.
    expect(sum(samples)).toEqual(sum([...methods, { forwards: ROWS, gradients: ROWS }]));
  },
);
