/**
 * Makes loans.csv (400 applications that the training never sees) and trains loans.onnx on 8,000 others.
 *
 *     npm run setup && node .build/examples/tabular/train.js [--seed N]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { floats, type Labelled, ortRuntime, train, writeModel } from '@glacis/core';
import * as ort from 'onnxruntime-node';
import { accuracy } from '../training/accuracy.ts';
import { inRepository } from '../place.ts';
import { epochLine, percent } from '../training/progress.ts';
import { csv } from './table.ts';
import { application, decisions, features } from './applications.ts';
import { loansNetwork } from './network.ts';

const TRAINING = 8000;
const HELD_OUT = 400;

const { values } = parseArgs({ options: { seed: { type: 'string', default: '0' } } });
const seed = Number(values.seed);
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

function applications(first: number, count: number): Labelled {
  const made = Array.from({ length: count }, (_, i) => application(seed, first + i));
  const x = floats(
    made.flatMap((each) => each.values),
    [count, features.length],
  );
  return { x, y: Int32Array.from(made, ({ decision }) => decision) };
}

const data = applications(0, TRAINING);
const heldOut = applications(TRAINING, HELD_OUT);
const network = await train({
  network: loansNetwork(data, seed),
  data,
  runtime,
  epochs: 20,
  batch: 100,
  peakRate: 3e-3,
  decay: 0.1,
  seed,
  onEpoch: (report) => console.log(epochLine(report)),
});
console.log(`${percent(await accuracy(network, data, runtime))} of the training data is right`);
console.log(`${percent(await accuracy(network, heldOut, runtime))} of loans.csv is right`);

const names = { features, label: 'decision', classes: decisions };
writeFileSync(inRepository('examples/tabular/loans.csv'), csv(heldOut, names));
writeFileSync(inRepository('examples/tabular/loans.onnx'), writeModel(network));
