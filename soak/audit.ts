/**
 * Proofs against random points: audits random small networks in every norm, with and without a valid
 * box, and looks for an input inside a proven radius that the original file gets wrong.
 */
import {
  audit,
  BATCH,
  Builder,
  floats,
  type Model,
  type Node,
  type NormName,
  ortRuntime,
  RandomBlock,
  readModel,
  Threat,
  writeModel,
} from '@glacis/core';
import * as ort from 'onnxruntime-node';
import { soak } from './harness.js';

const SAMPLES = 4;
const POINTS = 500;
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const norms: readonly NormName[] = ['linf', 'l2', 'l1'];
const activations = ['relu', 'tanh', 'sigmoid'] as const;

interface Network {
  readonly model: Model;
  readonly features: number;
  readonly classes: number;
}

function randomNetwork(random: RandomBlock): Network {
  const features = 1 + (random.bits(1) % 8);
  const classes = 2 + (random.bits(2) % 4);
  const layers = random.bits(3) % 4;
  const activation = activations[random.bits(4) % activations.length] ?? 'relu';
  const scale = 10 ** ((random.bits(5) % 5) - 2);
  const b = new Builder();
  let counter = 100;
  const weights = (shape: readonly number[]): Node => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: size }, () => random.normal(counter++) * scale);
    return b.constant(floats(values, shape));
  };
  let value: Node = b.input('x', [BATCH, features]);
  let width = features;
  for (let layer = 0; layer < layers; layer++) {
    const next = 2 + (random.bits(10 + layer) % 12);
    const sum = b.add(b.matMul(value, weights([width, next])), weights([next]));
    value = b.push(activation, [sum], {});
    width = next;
  }
  const scores = b.add(b.matMul(value, weights([width, classes])), weights([classes]));
  return { model: readModel(writeModel(b.graph({ scores }))), features, classes };
}

function isRight(scores: Float32Array, row: number, classes: number, label: number): boolean {
  const own = scores[row * classes + label] ?? Number.NaN;
  for (let k = 0; k < classes; k++) {
    if (k !== label && !(own > (scores[row * classes + k] ?? Number.NaN))) return false;
  }
  return true;
}

async function step(seed: number): Promise<{ proven: number; broken: number }> {
  const random = new RandomBlock(seed, 0, 0);
  const { model, features, classes } = randomNetwork(random);
  const norm = norms[random.bits(6) % norms.length] ?? 'linf';
  const clip = random.bits(7) % 2 === 0 ? ([0, 1] as const) : null;
  const threat = new Threat(norm, { eps: 10 ** -(random.bits(8) % 5), clip });
  const inputs = new RandomBlock(seed, 1, 0);
  const x = Float32Array.from({ length: SAMPLES * features }, (_, i) => inputs.uniform(i));
  const run = await audit({ model, data: { x: floats(x, [SAMPLES, features]) }, threat, runtime });
  const session = await runtime.session(model.bytes);
  let [proven, broken] = [0, 0];
  for (const [i, sample] of run.samples.entries()) {
    if (sample.upper !== null) broken++;
    if (sample.lower === null || sample.lower === 0) continue;
    proven++;
    const centre = x.subarray(i * features, (i + 1) * features);
    const points = new Float32Array(POINTS * features);
    for (let point = 0; point < POINTS; point++) {
      const out = points.subarray(point * features, (point + 1) * features);
      threat.sample(centre, sample.lower, new RandomBlock(seed, 2 + i, point), out);
    }
    const results = await session.run({ x: floats(points, [POINTS, features]) });
    const scores = results['scores']?.data;
    if (!(scores instanceof Float32Array)) throw new Error('no scores');
    for (let point = 0; point < POINTS; point++) {
      if (!isRight(scores, point, classes, sample.label)) {
        throw new Error(
          `${norm}: point ${point} breaks input ${i} inside the proven ${sample.lower}`,
        );
      }
    }
  }
  await session.release();
  return { proven, broken };
}

await soak({ name: 'audit', total: 2000, step });
