/**
 * Writes the broken defences and the honest models as ONNX files: node .build/examples/masking/make.js [--out DIR]
 * [--seed N]. The images are downloaded once; data for them are those of examples/digits.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Graph, ortRuntime } from '@glacis/core';
import * as ort from 'onnxruntime-node';
import { mnist } from '../digits/mnist.ts';
import { inRepository } from '../place.ts';
import { type DefenceName, defences, NOISE } from './defences.ts';
import { decayed, hardened, labelled, plain } from './networks.ts';
import { drawing } from './noise.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: inRepository('.glacis/masking') },
    seed: { type: 'string', default: '0' },
  },
});
/** As many as bench/masking.ts trains on. */
const TRAINING = 10_000;

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const data = labelled(mnist(inRepository('.glacis/mnist')).train, TRAINING);
const training = { data, runtime, seed: Number(values.seed) };

function write(name: string, network: Graph): void {
  const file = path.join(values.out, `${name.replaceAll(' ', '-')}.onnx`);
  writeFileSync(file, drawing(network, NOISE.name));
  console.log(path.relative(process.cwd(), file));
}

mkdirSync(values.out, { recursive: true });
const ordinary = await plain(training);
write('plain', ordinary);
for (const name of Object.keys(defences) as DefenceName[]) write(name, defences[name](ordinary));
write('decayed', await decayed(training));
write('hardened', await hardened(training));
