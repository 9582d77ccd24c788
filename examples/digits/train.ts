/**
 * Trains the digit classifier of this folder with Glacis' own gradient programs; writes digits.onnx
 * and digits.npz (the first 200 test images).
 *
 *     npm run setup && node .build/examples/digits/train.js [--seed N] [--epochs N] [--threads N]
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ortRuntime, tensor, writeModel } from '@glacis/core';
import * as ort from 'onnxruntime-node';
import { accuracy } from '../training/accuracy.ts';
import type { Labelled } from '../training/labelled.ts';
import { train } from '../training/train.ts';
import { type Digits, mnist, SIDE } from './mnist.ts';
import { digitsNetwork } from './network.ts';
import { writeNpz } from './npz.ts';

const SAMPLES = 200;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    epochs: { type: 'string', default: '6' },
    threads: { type: 'string', default: '1' },
  },
});
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const folder = path.join(repository, 'examples/digits');
const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: Number(values.threads) });

/** A byte v as v/255, which is how Glacis reads images. */
function labelled({ pixels, labels }: Digits): Labelled {
  const x = new Float32Array(pixels);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) / 255;
  return { x: tensor('float32', [labels.length, 1, SIDE, SIDE], x), y: Int32Array.from(labels) };
}

const images = mnist(path.join(repository, '.glacis/mnist'));
const begun = performance.now();
const network = await train({
  network: digitsNetwork(Number(values.seed)),
  data: labelled(images.train),
  runtime,
  epochs: Number(values.epochs),
  batch: 128,
  peakRate: 4e-3,
  seed: Number(values.seed),
  onEpoch: ({ epoch, epochs, loss, seconds, stepTime }) =>
    console.log(
      `epoch ${epoch} of ${epochs}: loss ${loss.toFixed(4)}, ${seconds.toFixed(1)} s, ${stepTime.toFixed(2)} ms a step`,
    ),
});
console.log(`trained in ${((performance.now() - begun) / 1000).toFixed(0)} s`);

const right = await accuracy(network, labelled(images.test), runtime);
console.log(
  `${(100 * right).toFixed(2)} % of the ${images.test.labels.length} test images are right`,
);

const model = writeModel(network);
writeFileSync(path.join(folder, 'digits.onnx'), model);
const samples = writeNpz({
  x: { shape: [SAMPLES, 1, SIDE, SIDE], data: images.test.pixels.slice(0, SAMPLES * SIDE * SIDE) },
  y: { shape: [SAMPLES], data: images.test.labels.slice(0, SAMPLES) },
});
writeFileSync(path.join(folder, 'digits.npz'), samples);
console.log(`digits.onnx: ${model.length} bytes, digits.npz: ${samples.length} bytes`);
