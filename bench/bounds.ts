/**
 * Our bounds beside auto_LiRPA's, on the same networks and sets: mean width of the outputs over theirs,
 * the largest difference relative to a width, and seconds over theirs (of another run).
 * npm run bench -- bounds [--shared DIR] [--only TEXT] [--margin off|on] [--together COUNT]
 * Reference: ../shared/reference/bounds.json. Each time is the best of twenty, the program compiled (and what
 * runs it: V8 optimises that in the first ten or so). `--together`: instead, the margins of so many random inputs
 * in one call, ℓ∞ 0.01, in milliseconds and as a multiple of ONNX Runtime's forward passes of them.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import {
  alphaCrown,
  type BoundName,
  crown,
  crownIbp,
  interval,
  type NormName,
  openClassifier,
  openNetwork,
  ortRuntime,
  parseVnnlib,
  problemOf,
  OutputBounder,
  type OutputBounds,
  RandomBlock,
  readModel,
  roundDown,
  roundUp,
  Threat,
} from '@glacis/core';
import * as ort from 'onnxruntime-node';

interface Result {
  readonly method: string;
  readonly iterations?: number;
  readonly seconds_1: number;
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

interface Case {
  readonly name: string;
  readonly onnx: string;
  readonly vnnlib: string;
  readonly runs: readonly {
    readonly input: 'box' | NormName;
    readonly eps: number | null;
    readonly methods: readonly Result[];
  }[];
}

const { values } = parseArgs({
  options: {
    shared: { type: 'string', default: '../shared' },
    only: { type: 'string', default: '' },
    margin: { type: 'string', default: 'off' },
    together: { type: 'string', default: '0' },
  },
});

const names: readonly (readonly [theirs: string, iterations: number, ours: BoundName])[] = [
  ['IBP', 0, 'interval'],
  ['CROWN-IBP', 0, 'crown-ibp'],
  ['CROWN', 0, 'crown'],
  ['alpha-CROWN', 20, 'alpha-crown'],
];
const [TIMES, UNIT] = [20, 1000];

function bytesOf(file: string): Uint8Array {
  return existsSync(file) ? readFileSync(file) : gunzipSync(readFileSync(`${file}.gz`));
}

/** Bounds of the command line, by their names. */
const bounds = [interval, crownIbp, crown, alphaCrown];
const [REPEATS, PATIENCE_MS, RADIUS] = [5, 4000, 0.01];

async function boundTogether({ name, onnx }: Case, count: number): Promise<void> {
  const model = readModel(bytesOf(path.join(values.shared, 'benchmarks/vnncomp', onnx)));
  const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1, writesInto: true });
  const classifier = await openClassifier(model, runtime);
  const random = new RandomBlock(0, 0, 0);
  const x = Float32Array.from({ length: count * classifier.sampleSize }, (_, i) =>
    random.uniform(i),
  );
  const labels = new Int32Array(count);
  const radii = new Float64Array(count).fill(RADIUS);
  const threat = new Threat('linf', { eps: RADIUS });
  const forward = await fastest(() => classifier.judge(x, [...labels.keys()]));
  for (const bound of bounds) {
    const own = await fastest((time) => {
      // Other streams each time: what is known of an input is not found again.
      const streams = Array.from({ length: count }, (_, i) => time * count + i);
      const rows = { count, x, labels, radii, streams };
      return bound.margins({ classifier, threat }, rows, 'real');
    });
    const what = `${name} ${count}`.padEnd(28);
    const share = (own / forward).toFixed(0);
    console.log(`${what}${bound.id.padEnd(13)}${own.toFixed(1)} ms, ${share}× the forward passes`);
  }
  await classifier.release();
}

/** Milliseconds of the fastest of a few times. */
async function fastest(body: (time: number) => Promise<unknown>): Promise<number> {
  let best = Infinity;
  const begun = performance.now();
  for (let time = 0; time < REPEATS && performance.now() - begun < PATIENCE_MS; time++) {
    const started = performance.now();
    await body(time);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

async function boundCase({ name, onnx, vnnlib, runs }: Case): Promise<void> {
  const file = (each: string): string => path.join(values.shared, 'benchmarks/vnncomp', each);
  const model = readModel(bytesOf(file(onnx)));
  const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1, writesInto: true });
  const network = await openNetwork(model, runtime);
  const query = parseVnnlib(new TextDecoder().decode(bytesOf(file(vnnlib))));
  const [first] = problemOf(query).disjuncts();
  if (!first) return;
  const low = Float32Array.from(first.box.lower, roundDown);
  const high = Float32Array.from(first.box.upper, roundUp);
  const middle = Float32Array.from(low, (value, i) => value / 2 + (high[i] ?? 0) / 2);
  for (const { input, eps, methods } of runs) {
    const threat = new Threat(input === 'box' ? 'linf' : input, { eps: eps ?? 0 });
    const outward = values.margin === 'on';
    const semantics = outward ? 'float32' : 'real';
    const bounder = new OutputBounder({ network, threat, semantics, outward });
    for (const [theirName, iterations, own] of names) {
      const theirs = methods.find(
        ({ method, iterations: steps = 0 }) => method === theirName && steps === iterations,
      );
      if (!theirs) continue;
      const bound = (): Promise<OutputBounds | null> =>
        bounder.over(
          input === 'box' ? bounder.box(low, high) : bounder.ball(middle, eps ?? 0),
          own,
        );
      const found = await bound();
      let best = Infinity;
      for (let i = 0; i < TIMES; i++) {
        const begun = performance.now();
        await bound();
        best = Math.min(best, performance.now() - begun);
      }
      const what = `${name} ${input}${eps === null ? '' : ` ${eps}`}`.padEnd(28);
      console.log(`${what}${own.padEnd(13)}${compared(found, theirs)}  ${time(best, theirs)}`);
    }
  }
  await network.release();
}

function compared(found: OutputBounds | null, { lower, upper }: Result): string {
  if (!found) return 'not finite';
  const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
  const widths = lower.map((low, i) => (upper[i] ?? 0) - low);
  const own = Array.from(found.lower, (low, i) => (found.upper[i] ?? 0) - low);
  const looser = widths.map((width, i) =>
    Math.max(
      ((lower[i] ?? 0) - (found.lower[i] ?? 0)) / width,
      ((found.upper[i] ?? 0) - (upper[i] ?? 0)) / width,
    ),
  );
  const share = (sum(own) / sum(widths)).toFixed(5);
  return `width ${share}×  looser by ${Math.max(...looser).toExponential(1)}`;
}

function time(ms: number, { seconds_1: theirs }: Result): string {
  return `${ms.toFixed(1)} ms, ${(ms / (theirs * UNIT)).toFixed(2)}×`;
}

const reference = path.join(values.shared, 'reference/bounds.json');
if (!existsSync(reference)) {
  console.log(`${reference} is absent: there is nothing to compare with.`);
} else {
  const { cases } = JSON.parse(readFileSync(reference, 'utf8')) as { cases: readonly Case[] };
  const chosen = cases.filter(({ name }) => name.includes(values.only));
  const count = Number(values.together);
  for (const each of chosen) await (count > 0 ? boundTogether(each, count) : boundCase(each));
}
