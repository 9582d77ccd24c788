// A model that shows no gradient anywhere: the nearest breaks come from scores and decisions.
import { expect, test } from 'vitest';
import { attackTable } from '../../src/attacks/table.ts';
import { square } from '../../src/attacks/square.ts';
import { audit } from '../../src/audit/audit.ts';
import { defaultPlan } from '../../src/audit/plan.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowsOn, runtime } from '../attacks/linear-model.ts';

const [FEATURES, ROWS, LEVELS] = [12, 6, 256];
const w = randomWeights(FEATURES);

test.each([
  ['linf', 1.15],
  ['l2', 1.15],
  ['l1', 1.5],
] as const)('in %s they are near those of the model without its steps', async (norm, most) => {
  const classifier = await linearClassifier(w, (b, x) =>
    b.mul(b.push('round', [b.mul(x, LEVELS)], {}), 1 / LEVELS),
  );
  const { rows, margins } = rowsOn(w, ROWS, 1, (value) => Math.round(value * LEVELS) / LEVELS);
  const threat = new Threat(norm, { eps: 1e-3, clip: [-9, 9] });
  const { samples } = await audit({
    model: classifier.model,
    classifier,
    runtime,
    threat,
    proofs: false,
    plan: {
      ...defaultPlan(),
      noise: null,
      attacks: [attackTable.fgsm],
      search: [attackTable.fgsm],
      polish: [],
      blind: [attackTable.hopskipjump, square({ queries: 1000 })],
    },
    data: { x: floats(rows.x, [ROWS, FEATURES]), y: [...rows.labels] },
  });
  const slope = threat.norm.dualLength(w);
  samples.forEach(({ upper, upperMethod }, row) => {
    expect(upperMethod).toBe(norm === 'l1' ? 'square' : 'hopskipjump');
    // A step changes each feature by half of one at most.
    const exact = (margins[row] ?? 0) / slope;
    expect(upper ?? 0).toBeGreaterThan(exact - threat.norm.length(w.map(() => 0.5 / LEVELS)));
    expect(upper ?? Infinity).toBeLessThan(
      most * exact + threat.norm.length(w.map(() => 0.5 / LEVELS)),
    );
  });
  await classifier.release();
});
