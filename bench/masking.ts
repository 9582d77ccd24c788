/**
 * The confusion table of `diagnose`: broken defences and honest models of examples/masking, over several seeds.
 * npm run bench -- masking [--seeds 3] [--from 0] [--first 100] [--eps 0.1] [--only TEXT] [--depth full]
 * Each seed trains its own networks on 10,000 digits. `truth` is what the worst of all attacks leaves standing,
 * the adversarial inputs of the undisguised network included; `gap` is how far the estimate lies above it.
 */
import { parseArgs } from 'node:util';
import {
  audit,
  type Criterion,
  defaultPlan,
  diagnose,
  type Diagnosis,
  type Graph,
  type Labelled,
  openClassifier,
  type Plan,
  ortRuntime,
  readModel,
  Threat,
  transferFrom,
  writeModel,
} from '@glacis/core';
import * as ort from 'onnxruntime-node';
import { mnist } from '../examples/digits/mnist.ts';
import {
  type DefenceName,
  defences,
  NOISE,
  rejecting,
  withClasses,
} from '../examples/masking/defences.ts';
import { decayed, hardened, labelled, plain } from '../examples/masking/networks.ts';
import { drawing } from '../examples/masking/noise.ts';
import { inRepository } from '../examples/place.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    from: { type: 'string', default: '0' },
    first: { type: 'string', default: '100' },
    eps: { type: 'string', default: '0.1' },
    only: { type: 'string', default: '' },
    depth: { type: 'string', default: 'full' },
  },
});
const TRAINING = 10_000;
/** Of the names. */
const WIDTH = 32;
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const images = mnist(inRepository('.glacis/mnist'));
const lessons = labelled(images.train, TRAINING);
const data = labelled(images.test, Number(values.first));
const threat = new Threat('linf', { eps: Number(values.eps), clip: [0, 1] });
const depth = values.depth === 'quick' ? 'quick' : 'full';

/** What is examined beside the file. */
interface Subject {
  /** The undisguised network; null of an honest one. */
  readonly twin: Graph | null;
  readonly criterion?: Criterion;
}

/** Share of the inputs that stand when attacks through the undisguised network are tried as well. */
async function truth(
  file: Uint8Array,
  { twin, criterion }: Subject,
  { discoveries, reach }: Diagnosis,
  standing: readonly number[],
): Promise<number> {
  // The curve and the unbounded attack find breaks farther out as well.
  const within = discoveries.filter(({ broken }) => broken.distance <= reach);
  const found = new Set(within.map(({ index }) => index));
  const open = standing.filter((index) => !found.has(index));
  if (!twin || open.length === 0) return open.length / data.y.length;
  const opening = criterion ? { criterion } : {};
  const classifier = await openClassifier(readModel(file), runtime, opening);
  const undisguised = writeModel(withClasses(twin, classifier.labelled));
  const surrogate = await openClassifier(readModel(undisguised), runtime, opening);
  const wide = threat.at(threat.eps + 2 ** -24);
  const { samples } = await audit({
    model: classifier.model,
    classifier,
    runtime,
    threat: wide,
    radii: false,
    proofs: false,
    plan: { ...defaultPlan(), noise: null, attacks: [transferFrom(surrogate)] },
    data: rowsAt(data, open),
  });
  await classifier.release();
  await surrogate.release();
  return samples.filter(({ verdict }) => verdict !== 'falsified').length / data.y.length;
}

function rowsAt({ x, y }: Labelled, indices: readonly number[]) {
  const size = x.data.length / y.length;
  const rows = new Float32Array(indices.length * size);
  indices.forEach((from, to) =>
    rows.set(x.data.subarray(from * size, (from + 1) * size), to * size),
  );
  return {
    x: { ...x, shape: [indices.length, ...x.shape.slice(1)], data: rows },
    y: indices.map((index) => y[index] ?? 0),
    indices,
  };
}

/** Square on a randomised model asks for a hundred passes at nearly every query: left to the diagnosis. */
function planFor(isRandom: boolean): Plan {
  const plan = defaultPlan();
  return isRandom ? { ...plan, attacks: plan.attacks.filter(({ id }) => id !== 'square') } : plan;
}

interface Row {
  readonly isBroken: boolean;
  readonly verdict: string;
  readonly gap: number;
}

async function examine(name: string, seed: number, network: Graph, subject: Subject): Promise<Row> {
  const file = drawing(network, NOISE.name);
  const model = readModel(file);
  const { twin, criterion } = subject;
  const classifier = await openClassifier(model, runtime, criterion ? { criterion } : {});
  const audited = await audit({
    model,
    classifier,
    runtime,
    threat,
    data,
    radii: false,
    proofs: false,
    plan: planFor(model.random.length > 0),
  });
  const begun = performance.now();
  const diagnosis = await diagnose({
    classifier,
    runtime,
    data,
    threat,
    depth,
    audited: audited.samples,
  });
  const seconds = (performance.now() - begun) / 1000;
  await classifier.release();
  const right = audited.samples.filter(({ verdict }) => verdict !== 'misclassified');
  const standing = right.filter(({ verdict }) => verdict !== 'falsified').map(({ index }) => index);
  const { verdict, credibleUpper, gradientUpper, indicators } = diagnosis.masking;
  const best = await truth(file, subject, diagnosis, standing);
  const gap = (credibleUpper ?? Number.NaN) - best;
  const fired = indicators.filter((indicator) => indicator.fired).map(({ id }) => id);
  const shares = [right.length / data.y.length, gradientUpper, credibleUpper, best, gap];
  console.log(
    [
      name.padEnd(WIDTH),
      String(seed).padStart(4),
      verdict.padEnd(10),
      ...shares.map((share) => (100 * (share ?? Number.NaN)).toFixed(1).padStart(8)),
      seconds.toFixed(0).padStart(8),
      ` ${fired.join(', ')}`,
    ].join(' '),
  );
  return { isBroken: twin !== null, verdict, gap };
}

const heads = ['clean', 'gradient', 'credible', 'truth', 'gap', 'seconds'];
console.log(
  `${'model'.padEnd(WIDTH)} seed verdict    ${heads.map((head) => head.padStart(8)).join(' ')}  fired`,
);
const rows: Row[] = [];
const honest: Subject = { twin: null };
const wanted = (name: string): boolean => name.includes(values.only);
const from = Number(values.from);
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  const training = { data: lessons, runtime, seed };
  const twin = await plain(training);
  if (wanted('plain')) rows.push(await examine('plain', seed, twin, honest));
  if (wanted('hardened'))
    rows.push(await examine('hardened', seed, await hardened(training), honest));
  if (wanted('decayed')) rows.push(await examine('decayed', seed, await decayed(training), honest));
  for (const name of Object.keys(defences) as DefenceName[]) {
    if (!wanted(name)) continue;
    const disguised = defences[name](twin);
    rows.push(await examine(name, seed, disguised, { twin }));
    const rejection = rejecting[name];
    if (rejection === undefined) continue;
    // With what it rejects counted as no mistake: only another class's answer breaks it.
    const criterion: Criterion = { kind: 'rejected', class: rejection };
    rows.push(await examine(`${name}, obeyed`, seed, disguised, { twin, criterion }));
  }
}
console.log();
for (const isBroken of [true, false]) {
  const own = rows.filter((row) => row.isBroken === isBroken);
  const counts = ['confirmed', 'suspected', 'none'].map(
    (verdict) => `${own.filter((row) => row.verdict === verdict).length} ${verdict}`,
  );
  console.log(`${isBroken ? 'broken' : 'honest'}: ${counts.join(', ')} of ${own.length}`);
}
const gaps = rows.filter(({ isBroken }) => isBroken).map(({ gap }) => gap);
console.log(`largest gap: ${(100 * Math.max(...gaps)).toFixed(1)} points`);
