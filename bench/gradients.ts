/**
 * Every network at hand: does it load, agree with ONNX Runtime, have a checked gradient, at what cost:
 * npm run bench -- gradients [--shared DIR] [--only TEXT] [--first N] [--no-timing] [FILE or FOLDER …]
 * Without files: fixtures/models, and of the shared folder (../shared) the models and the VNN-COMP
 * archive. The check is that of `inspect --check`; times are ratios within this run, on one thread.
 */
import { parseArgs } from 'node:util';
import { nodeRuntime } from 'glacis';
import { measure, type Measurement } from './gradients/measure.ts';
import { networksAt, standardPlaces } from './gradients/networks.ts';
import { header, line, summary } from './gradients/table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shared: { type: 'string', default: '../shared' },
    only: { type: 'string', default: '' },
    first: { type: 'string', default: 'Infinity' },
    'no-timing': { type: 'boolean', default: false },
  },
});

const { networks, absent } = networksAt(
  positionals.length > 0 ? positionals : standardPlaces(values.shared),
);
for (const place of absent) console.log(`${place} is absent: its networks are not measured.`);
const chosen = networks
  .filter(({ path }) => path.includes(values.only))
  .slice(0, Number(values.first));

const runtime = nodeRuntime({ threads: 1 });
const measurements: Measurement[] = [];
console.log(header);
for (const network of chosen) {
  const measurement = await measure(network, runtime, !values['no-timing']);
  measurements.push(measurement);
  console.log(line(measurement));
}
console.log(summary(measurements));
if (measurements.some(({ check }) => !check || check.passed === false)) process.exitCode = 1;
