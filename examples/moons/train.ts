/**
 * Makes moons.csv (200 points that the training never sees) and trains moons.onnx on 2,000 others.
 *
 *     npm run setup && node .build/examples/moons/train.js [--seed N]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ortRuntime, train, writeModel } from '@glacis/core';
import * as ort from 'onnxruntime-node';
import { accuracy } from '../training/accuracy.ts';
import { inRepository } from '../place.ts';
import { epochLine, percent } from '../training/progress.ts';
import { csv } from '../tabular/table.ts';
import { classes, features, moons } from './moons.ts';
import { moonsNetwork } from './network.ts';

const TRAINING = 2000;
const HELD_OUT = 200;

const { values } = parseArgs({ options: { seed: { type: 'string', default: '0' } } });
const seed = Number(values.seed);
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

const heldOut = moons(seed, TRAINING, HELD_OUT);
const network = await train({
  network: moonsNetwork(seed),
  data: moons(seed, 0, TRAINING),
  runtime,
  epochs: 30,
  batch: 100,
  peakRate: 1e-2,
  decay: 0.1,
  seed,
  onEpoch: (report) => console.log(epochLine(report)),
});
console.log(`${percent(await accuracy(network, heldOut, runtime))} of moons.csv is right`);

const names = { features, label: 'moon', classes };
writeFileSync(inRepository('examples/moons/moons.csv'), csv(heldOut, names));
writeFileSync(inRepository('examples/moons/moons.onnx'), writeModel(network));
