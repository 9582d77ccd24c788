/**
 * Trains the digit classifier of this folder with Glacis' own gradient programs; writes digits.onnx
 * and digits.npz (the first 200 test images).
 *
 *     npm run setup && node .build/examples/digits/train.js [--seed N]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Labelled, ortRuntime, tensor, train, writeModel } from '@glacis/core';
import * as ort from 'onnxruntime-node';
import { accuracy } from '../training/accuracy.ts';
import { inRepository } from '../place.ts';
import { epochLine, percent } from '../training/progress.ts';
import { type Digits, mnist, SIDE } from './mnist.ts';
import { digitsNetwork } from './network.ts';
import { writeNpz } from './npz.ts';

const SAMPLES = 200;

const { values } = parseArgs({ options: { seed: { type: 'string', default: '0' } } });
const seed = Number(values.seed);
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

/** A byte v as v/255, which is how Glacis reads images. */
function labelled({ pixels, labels }: Digits): Labelled {
  const x = new Float32Array(pixels);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) / 255;
  return { x: tensor('float32', [labels.length, 1, SIDE, SIDE], x), y: Int32Array.from(labels) };
}

const images = mnist(inRepository('.glacis/mnist'));
const begun = performance.now();
const network = await train({
  network: digitsNetwork(seed),
  data: labelled(images.train),
  runtime,
  epochs: 5,
  batch: 128,
  peakRate: 3e-3,
  decay: 0.1,
  seed,
  onEpoch: (report) => console.log(epochLine(report)),
});
console.log(`trained in ${((performance.now() - begun) / 1000).toFixed(0)} s`);

const right = await accuracy(network, labelled(images.test), runtime);
console.log(`${percent(right)} of the 10,000 test images are right`);

const model = writeModel(network);
writeFileSync(inRepository('examples/digits/digits.onnx'), model);
const samples = writeNpz({
  x: { shape: [SAMPLES, 1, SIDE, SIDE], data: images.test.pixels.slice(0, SAMPLES * SIDE * SIDE) },
  y: { shape: [SAMPLES], data: images.test.labels.slice(0, SAMPLES) },
});
writeFileSync(inRepository('examples/digits/digits.npz'), samples);
console.log(`digits.onnx: ${model.length} bytes, digits.npz: ${samples.length} bytes`);
