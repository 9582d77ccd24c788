/**
 * Honest classifiers of digits, small and quickly trained: a plain one, which the disguises are put on, one
 * trained on adversarial inputs, and one with strong weight decay.
 */
import {
  type Graph,
  type Labelled,
  Layers,
  BATCH,
  Builder,
  openClassifier,
  pgd,
  readModel,
  type Runtime,
  tensor,
  Threat,
  train,
  writeModel,
} from '@glacis/core';
import { type Digits, SIDE } from '../digits/mnist.ts';

/** Input `image` [batch, 1, 28, 28] in 0…1, output `logits` [batch, 10]; 26,000 parameters. */
function untrained(seed: number): Graph {
  const b = new Builder();
  const layers = new Layers(b, seed);
  const kernel = { size: 4, stride: 2, pad: 1 };
  const image = b.input('image', [BATCH, 1, SIDE, SIDE]);
  const edges = b.relu(layers.convolution(image, 8, kernel));
  const strokes = b.relu(layers.convolution(edges, 16, kernel));
  const hidden = b.relu(layers.dense(b.reshape(strokes, [BATCH, 16 * 7 * 7]), 32));
  return b.graph({ logits: layers.dense(hidden, 10) });
}

/** The first images, a byte v as v/255. */
export function labelled({ pixels, labels }: Digits, count: number): Labelled {
  const x = Float32Array.from(pixels.subarray(0, count * SIDE * SIDE), (value) => value / 255);
  return {
    x: tensor('float32', [count, 1, SIDE, SIDE], x),
    y: Int32Array.from(labels.subarray(0, count)),
  };
}

export interface Training {
  readonly data: Labelled;
  readonly runtime: Runtime;
  readonly seed: number;
}

const [EPOCHS, RATE, BATCH_SIZE] = [4, 4e-3, 64];

export function plain({ data, runtime, seed }: Training, decay = 0.01): Promise<Graph> {
  const network = untrained(seed);
  return train({
    network,
    data,
    runtime,
    epochs: EPOCHS,
    batch: BATCH_SIZE,
    peakRate: RATE,
    decay,
    seed,
  });
}

export function decayed(training: Training): Promise<Graph> {
  return plain(training, 2);
}

/** Rounds of adversarial training, each on inputs that break the network of the round before. */
const ROUNDS = 10;
const EPS = 0.2;

/** Trained on adversarial inputs in ℓ∞ up to EPS (Madry et al. 2018), crafted anew each round. */
export async function hardened(training: Training): Promise<Graph> {
  const { data, runtime, seed } = training;
  let network = await plain(training);
  for (let round = 1; round <= ROUNDS; round++) {
    const eps = EPS * Math.min(1, round / (ROUNDS / 2));
    const crafted = await adversarial(network, data, { runtime, eps, seed: seed + round });
    network = await train({
      network,
      data: crafted,
      runtime,
      epochs: 2,
      batch: BATCH_SIZE,
      peakRate: RATE / 2,
      seed: seed + round,
    });
  }
  return network;
}

async function adversarial(
  network: Graph,
  { x, y }: Labelled,
  {
    runtime,
    eps,
    seed,
  }: { readonly runtime: Runtime; readonly eps: number; readonly seed: number },
): Promise<Labelled> {
  const classifier = await openClassifier(readModel(writeModel(network)), runtime);
  const threat = new Threat('linf', { eps, clip: [0, 1] });
  const rows = {
    count: y.length,
    x: x.data,
    labels: y,
    radii: new Float64Array(y.length).fill(eps),
    streams: Array.from(y, (_, i) => i),
  };
  const attack = pgd({ loss: 'cross-entropy', steps: 7, restarts: 1 });
  const { best } = await attack.run({ classifier, threat, seed }, rows);
  await classifier.release();
  return { x: tensor('float32', x.shape, best), y };
}
