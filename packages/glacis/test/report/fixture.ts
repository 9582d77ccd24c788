/**
 * Runs made up for the report's tests: consistent with the ledger's rules (verdicts follow from the
 * bounds and ε, fractions and curve from the verdicts), drawn from a small seeded generator.
 */
import type { GalleryItem, PlanePicture } from '../../src/report/input.ts';
import type { AccuracyRecord, Fraction, Interval, Run, SampleRecord, Verdict } from '@glacis/core';

/** A linear congruential generator is random enough to draw a picture with. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface RunOptions {
  readonly samples?: number;
  readonly eps?: number;
  readonly seed?: number;
  /** Fraction of inputs the model gets wrong to begin with. */
  readonly errorRate?: number;
  readonly overrides?: Partial<Run>;
  readonly each?: (sample: SampleRecord) => SampleRecord;
}

function sampleAt(index: number, eps: number, errorRate: number, next: () => number): SampleRecord {
  const label = Math.floor(next() * 10);
  const wrong = next() < errorRate;
  const other = (label + 1 + Math.floor(next() * 9)) % 10;
  const truth = eps * (0.25 + 1.5 * next() ** 1.4);
  const lower = truth * (0.45 + 0.5 * next());
  const upper = truth * (1 + 0.18 * next() ** 2);
  const verdict: Verdict = wrong
    ? 'misclassified'
    : upper <= eps
      ? 'falsified'
      : lower >= eps
        ? 'certified'
        : next() < 0.2
          ? 'timeout'
          : 'unknown';
  return {
    index,
    label,
    target: null,
    prediction: wrong ? other : label,
    adversarialPrediction: wrong ? null : other,
    verdict,
    lower: wrong ? null : lower,
    lowerMethod: wrong ? null : next() < 0.5 ? 'crown' : 'alpha-crown',
    upper: wrong ? null : upper,
    upperMethod: wrong ? null : next() < 0.5 ? 'apgd-ce' : 'fab',
    marginLower: wrong ? null : lower - eps,
    estimate: wrong ? null : truth * (0.8 + 0.6 * next()),
    margin: wrong ? -1 : truth * 40,
    noiseBroken: wrong ? null : upper < 0.32 * eps,
    forwards: 240,
    gradients: 120,
    seconds: 0.21,
    error: null,
  };
}

/** Wilson's interval at 95 %. */
export function wilson(part: number, total: number): Interval {
  if (total === 0) return null;
  const z = 1.96;
  const p = part / total;
  const centre = p + (z * z) / (2 * total);
  const spread = z * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

export function fakeRun({
  samples: size = 100,
  eps = 0.1,
  seed = 7,
  errorRate = 0.03,
  overrides = {},
  each = (sample) => sample,
}: RunOptions = {}): Run {
  const next = generator(seed);
  const samples = Array.from({ length: size }, (_, index) =>
    each(sampleAt(index, eps, errorRate, next)),
  );
  const verdicts: Record<Verdict, number> = {
    certified: 0,
    falsified: 0,
    unknown: 0,
    timeout: 0,
    error: 0,
    misclassified: 0,
  };
  for (const { verdict } of samples) verdicts[verdict] += 1;
  const right = size - verdicts.misclassified;
  const counts: AccuracyRecord<number> = {
    clean: right,
    noise: right - samples.filter((sample) => sample.noiseBroken === true).length,
    robustUpper: right - verdicts.falsified,
    certifiedLower: verdicts.certified,
  };
  const fraction = (part: number): Fraction => (size === 0 ? null : part / size);
  const standing = (at: number): Fraction =>
    fraction(
      samples.filter((s) => s.verdict !== 'misclassified' && (s.upper ?? Infinity) > at).length,
    );
  const proven = (at: number): Fraction =>
    fraction(samples.filter((s) => s.verdict !== 'misclassified' && (s.lower ?? 0) >= at).length);
  return {
    schema: 'glacis/run/1',
    glacis: '0.1.0',
    seed: 0,
    command: [
      'glacis',
      'audit',
      'models/mnist-cnn.onnx',
      '--data',
      'digits.npz',
      '--norm',
      'linf',
      '--eps',
      String(eps),
    ],
    model: {
      path: 'models/mnist-cnn.onnx',
      sha256: '9f2c1d0e'.repeat(8),
      inputs: [{ name: 'input', type: 'float32', shape: ['N', 1, 28, 28] }],
      outputs: [{ name: 'logits', type: 'float32', shape: ['N', 10] }],
      parameters: 166_406,
    },
    data: { path: 'digits.npz', sha256: '04b7a6c3'.repeat(8), samples: size },
    threat: { norm: 'linf', eps, clip: [0, 1], weights: null, frozen: null, eightBit: false },
    criterion: { kind: 'misclassified' },
    semantics: 'float32',
    accuracy: {
      clean: fraction(counts.clean),
      noise: fraction(counts.noise),
      robustUpper: fraction(counts.robustUpper),
      certifiedLower: fraction(counts.certifiedLower),
    },
    intervals: {
      clean: wilson(counts.clean, size),
      noise: wilson(counts.noise, size),
      robustUpper: wilson(counts.robustUpper, size),
      certifiedLower: wilson(counts.certifiedLower, size),
    },
    verdicts,
    curve: [eps / 2, eps].map((at) => ({
      eps: at,
      noise: at === eps ? fraction(counts.noise) : fraction(counts.clean),
      robustUpper: standing(at),
      certifiedLower: proven(at),
    })),
    samples,
    masking: null,
    methods: [
      {
        id: 'noise',
        side: 'noise',
        asked: right,
        decided: 3,
        forwards: right * 64,
        gradients: 0,
        seconds: 0.31,
        accuracy: 0.94,
      },
      {
        id: 'fgsm',
        side: 'attack',
        asked: right - 3,
        decided: 30,
        forwards: right * 2,
        gradients: right,
        seconds: 0.12,
        accuracy: 0.64,
      },
      {
        id: 'apgd-ce',
        side: 'attack',
        asked: right - 33,
        decided: 24,
        forwards: right * 101,
        gradients: right * 100,
        seconds: 6.4,
        accuracy: 0.41,
      },
      {
        id: 'fab',
        side: 'attack',
        asked: right - 57,
        decided: 2,
        forwards: right * 120,
        gradients: right * 100,
        seconds: 9.8,
        accuracy: 0.4,
      },
      {
        id: 'interval',
        side: 'proof',
        asked: right - 59,
        decided: 0,
        forwards: right,
        gradients: 0,
        seconds: 0.1,
        accuracy: null,
      },
      {
        id: 'crown',
        side: 'proof',
        asked: right - 59,
        decided: 9,
        forwards: right,
        gradients: 0,
        seconds: 1.2,
        accuracy: null,
      },
      {
        id: 'alpha-crown',
        side: 'proof',
        asked: right - 68,
        decided: 8,
        forwards: right * 40,
        gradients: right * 40,
        seconds: 21.7,
        accuracy: null,
      },
    ],
    notes: [
      'uint8 pixels were read as 0…1.',
      'The model has no softmax; its outputs are taken as logits.',
    ],
    partial: false,
    environment: { node: '20.20.0', provider: 'cpu', 'ONNX Runtime': '1.30.0' },
    seconds: { total: 41.2, read: 0.3, noise: 0.3, attack: 16.3, proof: 23 },
    ...overrides,
  };
}

/** A soft blob as an image, its adversarial neighbour a smooth pattern of signs away. */
export function fakeGallery(eps: number, shape: readonly number[], size = 6): GalleryItem[] {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const side = Math.max(1, Math.round(Math.sqrt(length)));
  return Array.from({ length: size }, (_, index) => {
    const original = Float32Array.from({ length }, (_unused, at) => {
      const x = (at % side) / side - 0.5;
      const y = Math.floor(at / side) / side - 0.5;
      return Math.exp(-((x * 3) ** 2) - (y * 2.2 + Math.sin(index + 3 * x)) ** 2);
    });
    const adversarial = original.map((value, at) => {
      const push = Math.sin(at * 0.9 + index) + Math.cos((at / side) * 1.3);
      return Math.min(1, Math.max(0, value + (Math.abs(push) < 0.4 ? 0 : Math.sign(push) * eps)));
    });
    return {
      index: index * 7,
      label: index,
      prediction: index,
      adversarialPrediction: index + 3,
      distance: eps,
      method: 'apgd-ce',
      original,
      adversarial,
      shape,
      clip: [0, 1],
    };
  });
}

/** The plane around a point near a curved boundary. */
export function fakePlane(norm: PlanePicture['norm'], resolution = 80): PlanePicture {
  const cell = (k: number): number => -1 + (2 * (k + 0.5)) / resolution;
  const margin = Float32Array.from({ length: resolution * resolution }, (_, at) => {
    const x = cell(at % resolution);
    const y = cell(Math.floor(at / resolution));
    return 1.1 - 1.6 * Math.hypot(x + 0.2, y + 0.1) + 0.35 * Math.sin(4 * x - 2 * y);
  });
  return {
    xRange: [-1, 1],
    yRange: [-1, 1],
    resolution,
    margin,
    point: [-0.15, -0.2],
    radius: 0.4,
    norm,
    adversarial: [0.25, 0.15],
    features: ['petal length', 'petal width'],
    label: 1,
  };
}
