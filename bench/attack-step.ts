/**
 * Cost of an input gradient and of a whole attack step, as multiples of a forward pass of the original
 * file in the same process on one thread: npm run bench -- attack-step [MODEL.onnx …]
 * The three are alternated and the lower quartile of each is compared, since machines are noisy.
 */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import {
  gradientOf,
  linf,
  margin,
  openClassifier,
  ortRuntime,
  readModel,
  type Runtime,
  stepGraph,
  type Tensor,
  tensor,
  writeModel,
} from '@glacis/core';
import * as ort from 'onnxruntime-node';

const BATCHES = [32, 64, 128];
const ROUNDS = 60;

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFile(path);
  return new Uint8Array(path.endsWith('.gz') ? gunzipSync(bytes) : bytes);
}

function uniform(shape: readonly number[]): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tensor(
    'float32',
    shape,
    Float32Array.from({ length: size }, () => Math.random()),
  );
}

function lowerQuartile(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 4)] ?? Number.NaN;
}

async function measure(path: string, runtime: Runtime): Promise<void> {
  const model = readModel(await bytesOf(path));
  const classifier = await openClassifier(model, runtime);
  const threat = linf({ eps: 0.1, clip: [0, 1] });
  const gradient = gradientOf(model, { of: margin(), at: classifier.input });
  // A file written for one sample cannot run a batch: its graph, written with an open batch, can.
  const open = typeof model.inputs[0]?.shape[0] === 'string';
  const forward = await runtime.session(open ? model.bytes : writeModel(model.graph));
  const gradients = await runtime.session(writeModel(gradient));
  const steps = await runtime.session(writeModel(stepGraph(classifier, threat, 'margin')));
  for (const batch of BATCHES) {
    const x = uniform([batch, ...classifier.sampleShape]);
    const labels = tensor('int32', [batch], new Int32Array(batch));
    const ones = tensor('float32', [batch], new Float32Array(batch).fill(0.1));
    const ball = { centre: x, lower: x, upper: x, radius: ones };
    const runs = [
      () => forward.run({ [classifier.input]: x }),
      () => gradients.run({ [classifier.input]: x, labels }),
      () => steps.run({ ...ball, x, labels, step: ones }),
    ];
    const times: number[][] = runs.map(() => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, run] of runs.entries()) {
        const begun = performance.now();
        await run();
        times[i]?.push(performance.now() - begun);
      }
    }
    const [f = 1, g = 0, s = 0] = times.map(lowerQuartile);
    console.log(
      `${path.split('/').at(-1)} batch ${batch}: forward ${f.toFixed(3)} ms, gradient ${(g / f).toFixed(2)}×, attack step ${(s / f).toFixed(2)}×`,
    );
  }
  await classifier.release();
}

const paths = process.argv.slice(2);
const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });
for (const path of paths.length > 0 ? paths : ['examples/digits/digits.onnx']) {
  await measure(path, runtime);
}
