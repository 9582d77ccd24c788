/**
 * Milliseconds of a training step, by method, on the digit classifier of examples/digits:
 * npm run bench -- training [--threads N] [--batch N] [--methods A,B,…]
 * A step is the adversary's moves, forward and backward pass, and AdamW. Printed are the fastest and the
 * lower quartile of 40 steps, and the ratio to ordinary training in this run.
 */
import { parseArgs } from 'node:util';
import { linf, tensor, trained, type TrainingMethodName, trainingMethods } from '@glacis/core';
import { nodeRuntime } from 'glacis';
import { digitsNetwork } from '../examples/digits/network.ts';

const STEPS = 40;
const SIDE = 28;

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '1' },
    batch: { type: 'string', default: '128' },
    methods: { type: 'string', default: Object.keys(trainingMethods).join(',') },
  },
});
const [threads, batch] = [Number(values.threads), Number(values.batch)];
const runtime = nodeRuntime({ threads });
const count = STEPS * batch;
const x = Float32Array.from({ length: count * SIDE * SIDE }, (_, i) => (i % 251) / 250);
const data = {
  x: tensor('float32', [count, 1, SIDE, SIDE], x),
  y: Int32Array.from({ length: count }, (_, i) => i % 10),
};

/** Milliseconds of each step, ascending. */
async function stepsOf(method: TrainingMethodName): Promise<number[]> {
  const times: number[] = [];
  let last = performance.now();
  await trained({
    network: digitsNetwork(0),
    data,
    runtime,
    epochs: 1,
    batch,
    peakRate: 1e-3,
    seed: 0,
    method,
    threat: linf({ eps: 0.1, clip: [0, 1] }),
    onStep: () => {
      const now = performance.now();
      times.push(now - last);
      last = now;
    },
  });
  // The first one compiles.
  return times.slice(1).sort((a, b) => a - b);
}

console.log(`batch ${batch}, threads ${threads}`);
console.log('method        fastest  quartile  ratio');
const ordinary = (await stepsOf('natural'))[0] ?? Number.NaN;
for (const [method] of Object.entries(trainingMethods)) {
  if (!values.methods.split(',').includes(method)) continue;
  // Object.entries widens the table's keys.
  const times = await stepsOf(method as TrainingMethodName);
  const [fastest = Number.NaN, quartile = Number.NaN] = [times[0], times[times.length >> 2]];
  const cells = [fastest.toFixed(2), quartile.toFixed(2), (fastest / ordinary).toFixed(1)];
  console.log(`${method.padEnd(12)}${cells.map((cell) => cell.padStart(9)).join('')}`);
}
