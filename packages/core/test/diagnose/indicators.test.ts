// Each indicator has a model on which it fires and the same model undisguised on which it does not; the margin
// of all of them is a known function of w·x.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose, type Diagnosis } from '../../src/diagnose/diagnose.ts';
import type { Evidence } from '../../src/diagnose/evidence.ts';
import { indicators } from '../../src/diagnose/indicators.ts';
import { recordOf } from '../../src/diagnose/indicator.ts';
import { Ledger, newEntry } from '../../src/audit/ledger.ts';
import type { SampleRecord } from '../../src/audit/run.ts';
import { Stopped } from '../../src/runtime/cancel.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { readModel } from '../../src/onnx/read.ts';
import { Threat } from '../../src/threats/threat.ts';
import { runtime } from '../attacks/linear-model.ts';
import { onnxFile } from '../onnx/hand-made.ts';
import { bent, type Bend, rowsAtOne, through, unitWeights } from './models.ts';

const many = unitWeights(24);
const two = unitWeights(2);
const straight: Bend = (_, t) => t;

interface Case {
  readonly fires: readonly string[];
  readonly w?: Float32Array;
  readonly open: (w: Float32Array) => Promise<Classifier>;
  /** Radius; 1 reaches w·x = 0. */
  readonly eps: number;
  readonly surrogate?: boolean;
}

const steps = (levels: number) => ({
  before: (b: Parameters<Bend>[0], x: Parameters<Bend>[1]) =>
    b.mul(b.push('round', [b.mul(x, levels)], {}), 1 / levels),
});

const cases: Readonly<Record<string, Case>> = {
  'scores far apart': {
    fires: [
      'gradient-free-beats-gradient',
      'unbounded-attack-fails',
      'loss-saturates',
      'loss-not-increasing',
    ],
    open: (w) => bent(w, (b, t) => b.mul(t, 1e5)),
    eps: 1.5,
  },
  'inputs that are rounded': {
    fires: [
      'zero-gradient',
      'slopes-disagree',
      'noisy-loss',
      'stepped-response',
      'adapted-beats-plain',
      'transfer-beats-white-box',
    ],
    open: (w) => bent(w, straight, steps(8)),
    eps: 1.5,
    surrogate: true,
  },
  'inputs that are coded by comparisons': {
    fires: ['zero-gradient', 'stepped-response', 'adapted-beats-plain'],
    open: (w) =>
      bent(w, straight, {
        before: (b, x) =>
          Array.from({ length: 41 }, (_, k) => k / 8 - 2.5)
            .map((edge) => b.mul(b.where(b.greater(x, edge), 1, 0), 1 / 8))
            .reduce((sum, bit) => b.add(sum, bit), b.scalar(-2.5)),
      }),
    eps: 1.5,
  },
  'a barrier that one step leaps over and many do not': {
    fires: ['one-step-beats-iterative'],
    open: (w) =>
      bent(
        w,
        through([
          [-1, -4],
          [0, -1],
          [0.2, -1],
          [0.25, 1.5],
          [0.9, 0.4],
          [1, 0.5],
          [2, 1.5],
        ]),
      ),
    eps: 1,
  },
  'a plateau around every input': {
    fires: ['random-search-beats-gradient', 'budget-not-converged'],
    w: two,
    open: (w) =>
      bent(
        w,
        through([
          [-1, -1],
          [0.6, -0.5],
          [0.9, 1],
          [1.1, 1],
          [2, 1.5],
        ]),
      ),
    eps: 1,
  },
  'a weak spot that large steps leap over': {
    fires: ['curve-not-monotone'],
    open: (w) =>
      bent(
        w,
        through([
          [-9, 2],
          [0, 5],
          [0.3, -0.1],
          [0.5, -0.1],
          [0.6, 0.1],
          [1, 1],
          [2, 2],
        ]),
      ),
    eps: 0.7,
  },
  'answers that never change': {
    fires: ['constant-output'],
    open: (w) => bent(w, (b, t) => b.add(b.mul(t, 0), 1)),
    eps: 0.5,
  },
  'a softmax at the output': {
    fires: ['hard-output'],
    open: (w) => bent(w, straight, { head: (b, z) => b.push('softmax', [z], { axis: 1 }) }),
    eps: 1.5,
  },
};

const run = async ({
  open,
  w = many,
  eps,
  surrogate = false,
}: Pick<Case, 'open' | 'w' | 'eps' | 'surrogate'>): Promise<Diagnosis> => {
  const classifier = await open(w);
  const plain = await bent(w, straight);
  const threat = new Threat('linf', { eps });
  try {
    const data = rowsAtOne(w);
    const surrogates = surrogate ? [plain] : [];
    return await diagnose({ classifier, runtime, data, threat, depth: 'quick', surrogates });
  } finally {
    await classifier.release();
    await plain.release();
  }
};

/** Of an audit that found out nothing. */
function cleanSamples(count: number): SampleRecord[] {
  const entries = Array.from({ length: count }, (_, index) =>
    newEntry(index, 0, new Float32Array()),
  );
  return new Ledger(entries, new Threat('linf', { eps: 0 }), 'float32').records();
}

const firedIn = ({ masking }: Diagnosis): string[] =>
  masking.indicators.filter(({ fired }) => fired).map(({ id }) => id);

describe('of an undisguised model', () => {
  let honest: Diagnosis;
  beforeAll(async () => {
    honest = await run({ open: (w) => bent(w, straight), eps: 0.6, surrogate: true });
  });

  test('no indicator fires, and the verdict is none', () => {
    expect(firedIn(honest)).toEqual([]);
    expect(honest.masking.verdict).toBe('none');
  });

  test('what withstands is what the margin says', () => {
    // w·x = 1 and ‖w‖₁ = 1: nothing within 0.6 breaks it.
    expect(honest.masking.credibleUpper).toBe(1);
    expect(honest.discoveries.every(({ broken }) => broken.distance >= 1 - 1e-5)).toBe(true);
  });

  test('an attack inside a proven radius and a gap between both sides are told from their brackets', () => {
    const told = (brackets: Evidence['brackets']): string[] =>
      indicators
        .map((indicator) => recordOf(indicator, { ...honest.evidence, brackets }))
        .filter(({ fired }) => fired)
        .map(({ id }) => id);
    expect(told([{ lower: 0.1, upper: 0.2 }])).toEqual([]);
    expect(told([{ lower: 0.2, upper: 0.2 }])).toEqual(['attack-inside-proven-radius']);
    const wide = { lower: 0.001, upper: 0.2 };
    expect(told(Array.from({ length: 8 }, () => wide))).toEqual(['bound-gap']);
    // Three of three are no more than chance.
    expect(told([wide, wide, wide])).toEqual([]);
  });
});

describe.each(Object.entries(cases))('of %s', (_, given) => {
  let diagnosis: Diagnosis;
  beforeAll(async () => {
    diagnosis = await run(given);
  });

  test.each(given.fires.map((id) => [id]))('%s fires', (id) => {
    expect(firedIn(diagnosis)).toContain(id);
  });

  test('the verdict is none only where all that fired are remarks', () => {
    const remarks = ['hard-output', 'constant-output'];
    const isRemark = given.fires.every((id) => remarks.includes(id));
    expect(diagnosis.masking.verdict === 'none').toBe(isRemark);
  });
});

test('what was measured stands beside what can be believed, and a stop among the pictures leaves both', async () => {
  const classifier = await bent(many, straight, steps(8));
  const data = rowsAtOne(many);
  let isOver = false;
  const signal = {
    get aborted() {
      return isOver;
    },
    throwIfAborted: () => {
      if (isOver) throw new Stopped('the run was stopped');
    },
  };
  const threat = new Threat('linf', { eps: 1.5 });
  const options = { classifier, runtime, data, threat, signal };
  const onProgress = (stage: string): void => void (isOver = stage === 'figures');
  const stopped = await diagnose({
    ...options,
    depth: 'quick',
    onProgress,
    // An audit that broke a quarter, and says nothing of the rest.
    audited: cleanSamples(data.y.length).map((sample, i) =>
      i % 4 === 0 ? { ...sample, upper: 1.2, upperMethod: 'square' } : sample,
    ),
  });
  await classifier.release();
  const { verdict, measuredUpper, credibleUpper, figures } = stopped.masking;
  expect(stopped.whole).toBe(false);
  expect({ verdict, measuredUpper }).toEqual({ verdict: 'confirmed', measuredUpper: 0.75 });
  expect(credibleUpper).toBeLessThan(0.1);
  expect(figures?.curve.length).toBeGreaterThan(2);
  expect(figures).toMatchObject({ landscape: null, gradients: [], looseness: [] });
});

test('what plain gradients break altogether hides nothing, however far ε lies beyond the data', async () => {
  // Steep at the inputs, and so flat farther out that a sixteenth of ε goes elsewhere than the gradient says.
  const steep = through([
    [-1, -1.1],
    [0, -1],
    [1.5, 2],
    [2, 2.05],
  ]);
  const { masking, evidence } = await run({ open: (w) => bent(w, steep), eps: 1000 });
  expect(masking.gradientUpper).toBe(0);
  expect(masking.verdict).toBe('none');
  // Held against all inputs, as it was, it fired.
  expect(Array.from(evidence.slopes.bend).every((bend) => bend > 0.5)).toBe(true);
});

describe('of a model that draws noise', () => {
  let classifier: Classifier;
  beforeAll(async () => {
    const spec = {
      opset: 17,
      inputs: { x: ['n', 2] },
      outputs: ['z'],
      nodes: [
        { op: 'RandomNormalLike', inputs: ['x'], outputs: ['noise'] },
        { op: 'Add', inputs: ['x', 'noise'], outputs: ['z'] },
      ],
    };
    classifier = await openClassifier(readModel(onnxFile(spec)), runtime);
  });
  afterAll(() => classifier.release());

  test('random-output fires', async () => {
    const x = Float32Array.of(4, 0, 5, 1, 6, 0, 4, -1, 7, 2, 6, 2, 5, 0, 4, 0);
    const data = { x: { type: 'float32', shape: [8, 2], data: x } as const, y: Array(8).fill(0) };
    const threat = new Threat('linf', { eps: 0.5 });
    const diagnosis = await diagnose({ classifier, runtime, data, threat, depth: 'quick' });
    expect(firedIn(diagnosis)).toContain('random-output');
  });
});

test('every indicator that reads a model fires on one of these', () => {
  const fired = new Set(Object.values(cases).flatMap(({ fires }) => fires));
  const told = ['attack-inside-proven-radius', 'bound-gap', 'random-output'];
  expect(
    indicators
      .map(({ id }) => id)
      .filter((id) => !fired.has(id))
      .sort(),
  ).toEqual(told);
});
