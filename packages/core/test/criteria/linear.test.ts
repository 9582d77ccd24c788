// Every criterion of success on linear models, where the radius that meets it is a closed form: the
// distance of the hyperplane on which a target wins, a probability has fallen, or an error has grown.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attackTable } from '../../src/attacks/table.ts';
import type { Attack } from '../../src/attacks/attack.ts';
import { audit } from '../../src/audit/audit.ts';
import type { Criterion } from '../../src/audit/run.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { answerFor } from '../../src/runtime/judgement.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';
import { randomWeights, runtime } from '../attacks/linear-model.ts';

const [FEATURES, ROWS] = [16, 6];
const w = randomWeights(FEATURES);
const random = new RandomBlock(6, 0, 0);
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => random.normal(i));
const dots = Array.from({ length: ROWS }, (_, row) =>
  w.reduce((sum, weight, i) => sum + weight * (x[row * FEATURES + i] ?? 0), 0),
);

interface Case {
  readonly criterion: Criterion;
  readonly head: (b: Builder, z: Node) => Node;
  readonly labels: readonly number[];
  /** How far w·x has to move. */
  readonly gaps: readonly number[];
}

const odds = Math.log(0.3 / 0.7);
/** Scores [0, z, −1000]: the third class is out of reach. */
const three = (b: Builder, z: Node): Node =>
  b.concat([b.mul(z, 0), z, b.sub(b.mul(z, 0), 1000)], 1);
/** Half of what the nearest input has to the hyperplane. */
const band = Math.min(...dots.map(Math.abs)) / 2;
const signs = dots.map((dot) => Number(dot > 0));

const cases: Readonly<Record<string, Case>> = {
  'a target': {
    criterion: { kind: 'target', class: 1 },
    head: three,
    labels: dots.map(() => 0),
    gaps: dots.map((dot) => -dot),
  },
  'a target of each input': {
    criterion: { kind: 'target', class: signs.map((sign) => 1 - sign) },
    head: three,
    labels: signs,
    gaps: dots.map(Math.abs),
  },
  'an answer beside the label and the class that rejects': {
    criterion: { kind: 'rejected', class: 2 },
    // Between −band and band the third class answers.
    head: (b, z) => b.concat([b.neg(z), z, b.add(b.mul(z, 0), band)], 1),
    labels: signs,
    gaps: dots.map((dot) => Math.abs(dot) + band),
  },
  'a probability of a softmax': {
    criterion: { kind: 'confidence', below: 0.3 },
    head: (b, z) => b.push('softmax', [three(b, z)], { axis: 1 }),
    labels: signs,
    gaps: dots.map((dot) => Math.abs(dot) - odds),
  },
  'a probability of logits': {
    criterion: { kind: 'confidence', below: 0.3 },
    head: three,
    labels: signs,
    gaps: dots.map((dot) => Math.abs(dot) - odds),
  },
  'a probability of one sigmoid': {
    criterion: { kind: 'confidence', below: 0.3 },
    head: (b, z) => b.push('sigmoid', [z], {}),
    labels: signs,
    gaps: dots.map((dot) => Math.abs(dot) - odds),
  },
  'an error': {
    criterion: { kind: 'error', above: 2.5 },
    head: (b, z) => b.mul(z, 1),
    labels: dots.map((dot, row) => dot + (row % 3) - 1),
    gaps: dots.map((_, row) => 2.5 - Math.abs((row % 3) - 1)),
  },
};

function opened({ criterion, head }: Case): Promise<Classifier> {
  const b = new Builder();
  const z = b.matMul(b.input('x', [BATCH, FEATURES]), b.constant(floats(w, [FEATURES, 1])));
  return openClassifier(readModel(writeModel(b.graph({ out: head(b, z) }))), runtime, {
    criterion,
  });
}

describe.each(Object.entries(cases))('%s', (_, given) => {
  let classifier: Classifier;
  beforeAll(async () => {
    classifier = await opened(given);
  });
  afterAll(() => classifier.release());

  test.each(['linf', 'l2', 'l1'] as const)(
    'has the radius of the closed form in %s, and what is provable is proven up to it',
    async (norm) => {
      const threat = new Threat(norm, { eps: 0.1 });
      const { samples } = await audit({
        model: classifier.model,
        classifier,
        runtime,
        threat,
        data: {
          x: { type: 'float32', shape: [ROWS, FEATURES], data: x },
          y: given.labels,
        },
      });
      const dual = threat.norm.dualLength(w);
      samples.forEach(({ verdict, upper, lower, prediction }, row) => {
        const exact = (given.gaps[row] ?? 0) / dual;
        if (!(exact > 0)) return expect(verdict).toBe('misclassified');
        if (given.criterion.kind === 'error') expect(prediction).toBeCloseTo(dots[row] ?? 0, 4);
        expect((upper ?? Infinity) / exact).toBeGreaterThan(1 - 1e-4);
        expect((upper ?? Infinity) / exact).toBeLessThan(1.002);
        if (given.criterion.kind === 'confidence') expect(lower).toBeNull();
        // Planes below a maximum of two are not tight.
        else if (given.criterion.kind === 'rejected') expect(lower ?? 0).toBeGreaterThan(0);
        else expect((lower ?? 0) / exact).toBeGreaterThan(0.995);
      });
    },
  );

  // Those for ℓ1 and ℓ0 alone are held to their own closed forms elsewhere.
  const attacks = Object.values<Attack>(attackTable).filter(
    ({ id, side }) => side === 'attack' && id !== 'pdpgd' && id !== 'corner-search',
  );
  test.each(attacks.map((attack) => [attack.id, attack] as const))(
    '%s meets it in a ball a third larger than needed',
    async (id, attack) => {
      const threat = new Threat('l2', { eps: 1 });
      const open = [...given.gaps.keys()].filter((row) => (given.gaps[row] ?? 0) > 0);
      const streams = open;
      const labels = new Map(given.labels.map((label, row) => [row, label]));
      const own = classifier.withLabels(labels);
      const context = { classifier: own, threat, seed: 3 };
      expect(attack.refusal?.(context) ?? null).toBeNull();
      const rows = {
        count: open.length,
        x: Float32Array.from(
          open.flatMap((row) => Array.from(x.slice(row * FEATURES, (row + 1) * FEATURES))),
        ),
        labels: Int32Array.from(open, (row) => own.kept(given.labels[row] ?? 0)),
        radii: Float64Array.from(
          open,
          (row) => (1.33 * (given.gaps[row] ?? 0)) / threat.norm.dualLength(w),
        ),
        streams,
      };
      const { best } = await attack.run(context, rows);
      const judgement = await own.judge(best, streams);
      const broken = open.filter(
        (_row, i) => answerFor(judgement, i, rows.labels[i] ?? 0) !== rows.labels[i],
      );
      // Square searches blindly: it may need more than its queries in sixteen dimensions.
      if (id === 'square') expect(broken.length).toBeGreaterThan(0);
      else expect(broken).toEqual(open);
    },
  );
});

test('nothing reaches a target that is out of reach, however easily the label is lost', async () => {
  const hopeless = { ...cases['a target'], criterion: { kind: 'target', class: 2 } } as Case;
  const classifier = await opened(hopeless);
  const { samples } = await audit({
    model: classifier.model,
    classifier,
    runtime,
    threat: new Threat('linf', { eps: 1 }),
    data: { x: { type: 'float32', shape: [ROWS, FEATURES], data: x }, y: signs },
  });
  expect(samples.map(({ verdict }) => verdict)).toEqual(samples.map(() => 'certified'));
  await classifier.release();
});

test('a criterion that a model cannot have is refused in words', async () => {
  const base = cases['a target'];
  if (!base) throw new Error('there is no such case');
  await expect(opened({ ...base, criterion: { kind: 'target', class: 3 } })).rejects.toThrow(
    /no class 3 .* has 3, from 0 to 2/,
  );
  await expect(opened({ ...base, criterion: { kind: 'error', above: 1 } })).rejects.toThrow(
    /3 numbers for each input/,
  );
});
