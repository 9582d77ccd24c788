/**
 * Our attacks beside the published libraries', on the same inputs: robust accuracy of the cascade beside
 * AutoAttack's, medians of the nearest breaks beside the best library's, and seconds beside theirs.
 * npm run bench -- attacks [--shared DIR] [--only TEXT] [--workers N] [--each]
 * --each: every attack that a library has too, beside that library's at its budget, instead.
 * Strengths are compared with ../shared/reference/attacks.json; its seconds are of another run, on two
 * threads, and say roughly where ours stand.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import type { Run } from 'glacis';

interface Reference {
  readonly model: string;
  readonly n: number;
  readonly norm: string;
  readonly eps: number;
  readonly tool: string;
  readonly method: string;
  readonly robust: number;
  readonly median_norm?: number;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    shared: { type: 'string', default: '../shared' },
    only: { type: 'string', default: '' },
    workers: { type: 'string', default: '2' },
    each: { type: 'boolean', default: false },
  },
});

const file = (name: string): string => path.join(values.shared, name);
const networks: Readonly<Record<string, readonly string[]>> = {
  std: [file('models/mnist-cnn-standard.onnx')],
  pgd: [file('models/mnist-cnn-pgd.onnx')],
  mt: [file('models/mnist-cnn-masked-temperature.onnx')],
  mq: [file('models/mnist-cnn-masked-quantised.onnx')],
  ms: [file('models/mnist-cnn-masked-shattered.onnx')],
  fc: [file('benchmarks/vnncomp/mnist_fc/onnx/mnist-net_256x4.onnx.gz')],
  r2b: [
    file('benchmarks/vnncomp/cifar10_resnet/onnx/resnet_2b.onnx.gz'),
    '--mean',
    '.4914,.4822,.4465',
    '--std',
    '.2471,.2435,.2616',
  ],
};

/** The libraries take the ε of float32, which is a little more than 0.1. */
const epsOf = (eps: number): string => String(Math.fround(eps));

async function ours(row: Reference, method: string): Promise<{ run: Run; seconds: number }> {
  const data = file(row.model === 'r2b' ? 'data/cifar86.npz' : 'data/mnist1000.npz');
  const words = [
    'packages/glacis/bin/glacis.js',
    'attack',
    ...(networks[row.model] ?? []),
    '--data',
    data,
    '--first',
    String(row.n),
    '--norm',
    row.norm,
    '--eps',
    epsOf(row.eps),
    '--method',
    method,
    '--workers',
    values.workers,
    '--json',
    '--quiet',
  ];
  const begun = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 2 ** 30 });
  return { run: JSON.parse(stdout) as Run, seconds: (performance.now() - begun) / 1000 };
}

/** Over the inputs that are right; what was never broken is infinitely far. */
function medianUpper({ samples }: Run): number {
  const found = samples
    .filter(({ verdict }) => verdict !== 'misclassified')
    .map(({ upper }) => upper ?? Infinity)
    .sort((a, b) => a - b);
  const middle = (found.length - 1) / 2;
  return ((found[Math.floor(middle)] ?? NaN) + (found[Math.ceil(middle)] ?? NaN)) / 2;
}

const cell = (value: unknown, width: number): string => String(value).padStart(width);
const line = (cells: readonly unknown[]): string =>
  cells.map((value, i) => (i === 0 ? String(value).padEnd(28) : cell(value, 9))).join(' ');

/** Our attack of the same name, where its budget of steps is the run's own or smaller. */
const ourNames: Readonly<Record<string, string>> = {
  FGSM: 'fgsm',
  PGD: 'pgd',
  LinfPGD: 'pgd',
  L2PGD: 'pgd',
  'APGD-CE': 'apgd-ce',
  'apgd-ce': 'apgd-ce',
  'apgd-dlr': 'apgd-dlr',
  square: 'square',
  FMN: 'fmn',
  LinfFMN: 'fmn',
  L2FMN: 'fmn',
  DDN: 'ddn',
  LinfDeepFool: 'deepfool',
  L2DeepFool: 'deepfool',
  'CW-L2': 'cw',
  L2CarliniWagner: 'cw',
  ALMA: 'alma',
  PDPGD: 'pdpgd',
  'FAB-T': 'fab-t',
  'fab-min': 'fab-t',
};

/** Within 1 point of robust accuracy or 2 % of the median, or better. */
function isOnPar(row: Reference, robust: number, median: number): boolean {
  if (robust <= row.robust + 0.01) return true;
  return row.median_norm !== undefined && median <= 1.02 * row.median_norm;
}

async function compareEach(references: readonly Reference[]): Promise<void> {
  const head = ['n', 'robust', 'theirs', 'median', 'theirs', 'seconds', 'theirs', 'par'];
  console.log(line(['tool, method and row', ...head]));
  const done = new Map<string, Promise<{ run: Run; seconds: number }>>();
  for (const row of references) {
    const method = ourNames[row.method];
    const refused = { pdpgd: ['linf', 'l2'] }[method ?? ''] ?? [];
    if (!method || refused.includes(row.norm)) continue;
    const key = `${method} ${named(row)} ${row.n}`;
    const result = done.get(key) ?? ours(row, method);
    done.set(key, result);
    const { run, seconds } = await result;
    const [robust, median] = [run.accuracy.robustUpper ?? NaN, medianUpper(run)];
    const words = `${row.method} ${named(row)}`;
    const ownMedian = row.median_norm === undefined ? '' : median.toPrecision(4);
    const cells = [robust.toFixed(4), row.robust, ownMedian, row.median_norm ?? ''];
    const par = isOnPar(row, robust, median) ? 'yes' : 'no';
    console.log(line([words, row.n, ...cells, seconds.toFixed(1), row.seconds, par]));
  }
}

const source = file('reference/attacks.json');
if (!existsSync(source)) {
  console.log(`${source} is absent: there is nothing to compare with.`);
  process.exit(1);
}
const { runs } = JSON.parse(readFileSync(source, 'utf8')) as { runs: readonly Reference[] };
const named = ({ model, norm, eps }: Reference): string => `${model} ${norm} ${eps}`;
const chosen = runs.filter((row) => named(row).includes(values.only) && row.model in networks);

if (values.each) {
  await compareEach(chosen);
  process.exit();
}

console.log(line(['standard', 'n', 'robust', 'AutoAttack', 'seconds', 'theirs', 'ratio']));
for (const row of chosen) {
  if (row.tool !== 'autoattack' || row.method !== 'standard') continue;
  const { run, seconds } = await ours(row, 'standard');
  const robust = (run.accuracy.robustUpper ?? NaN).toFixed(4);
  const ratio = (seconds / row.seconds).toFixed(2);
  console.log(
    line([named(row), row.n, robust, row.robust, seconds.toFixed(1), row.seconds, ratio]),
  );
}

console.log();
console.log(line(['minimum', 'n', 'median', 'best', 'ratio', 'by', 'seconds']));
const rows = new Map<string, Reference>();
for (const row of chosen) {
  const before = rows.get(named(row));
  if (row.median_norm === undefined || row.n < 86) continue;
  if (!before || row.median_norm < (before.median_norm ?? Infinity)) rows.set(named(row), row);
}
for (const row of rows.values()) {
  const { run, seconds } = await ours(row, 'minimum');
  const [median, best] = [medianUpper(run), row.median_norm ?? NaN];
  const ratio = (median / best).toFixed(3);
  console.log(
    line([named(row), row.n, median.toPrecision(5), best, ratio, row.method, seconds.toFixed(1)]),
  );
}
