/**
 * What reading a large model costs: its time against that of an ONNX Runtime session, and its memory:
 * npm run bench -- reading [--shared DIR] [FILE]
 * Without a file: the largest of tllverifybench (67 million weights) in the shared folder (../shared).
 * Time and memory are taken in processes of their own; memory is the peak above that of an idle process.
 */
import { fork } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { networksAt } from './gradients/networks.ts';
import type { Answer } from './reading/child.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { shared: { type: 'string', default: '../shared' } },
});

function largest(folder: string): string | undefined {
  const { networks } = networksAt([folder]);
  const sized = networks.map((network) => ({ ...network, size: statSync(network.path).size }));
  return sized.sort((a, b) => b.size - a.size)[0]?.path;
}

function asked(task: 'memory' | 'time', file: string): Promise<Answer> {
  const child = fork(new URL('./reading/child.js', import.meta.url), [task, file]);
  return new Promise((resolve, reject) => {
    child.on('message', (answer) => resolve(answer as Answer));
    child.on('exit', (code) => reject(new Error(`reading ${file} ended with ${code}`)));
  });
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

const folder = path.join(values.shared, 'benchmarks/vnncomp/tllverifybench/onnx');
const file = positionals[0] ?? largest(folder);
if (file === undefined) {
  console.log(`${folder} is absent: name a file.`);
} else {
  const { size, parameters, peak } = await asked('memory', file);
  const { reading, writing, session } = await asked('time', file);
  const ratio = (time: number): string => `${time.toFixed(0)} ms, ${(time / session).toFixed(2)}×`;
  console.log(`${file}: ${parameters} parameters, ${megabytes(size)} unpacked`);
  console.log(`ONNX Runtime makes its session in ${session.toFixed(0)} ms`);
  console.log(`read and lowered: ${ratio(reading)} that; written again: ${ratio(writing)}`);
  console.log(
    `peak memory, the file and its unpacking included: ${megabytes(peak)}, ${(peak / size).toFixed(2)}× its size`,
  );
}
