/**
 * How long a run will take, from a short measurement of what it will do thousands of times: a forward
 * pass, an attack step, a bound. The measured programs are the run's own, so little is wasted.
 */
import {
  type Classifier,
  crown,
  isProvable,
  labelsOf,
  noise,
  pgd,
  rowSize,
  type Proof,
  type Semantics,
  type Threat,
} from '@glacis/core';
import type { Inputs } from './inputs.ts';
import { type Job, planOf } from './plans.ts';

export interface Estimate {
  /** Seconds of one process with everything compiled. */
  readonly work: number;
  /** Seconds until a process has compiled its programs. */
  readonly start: number;
}

interface Counts {
  readonly noises: number;
  readonly gradients: number;
  readonly bounds: number;
}

/** What a typical input is put through; a robust one takes up to twice as much. */
function typical(job: Job, surrogates: readonly Classifier[]): Counts {
  const { plan } = planOf(job, surrogates);
  // Half of the inputs fall early; a forward pass is about a third of a gradient.
  const evaluations = [...plan.attacks, ...plan.nearest].map(
    ({ cost }) => cost.gradients + Math.max(0, cost.forwards - cost.gradients) / 3,
  );
  const gradients = evaluations.reduce((sum, each) => sum + each / 2, 1);
  if (job === 'audit') return { noises: 1, gradients: gradients + 250, bounds: 8 };
  if ('proof' in job) return { noises: 0, gradients: 0, bounds: job.radius ? 12 : 1 };
  return { noises: plan.noise ? 1 : 0, gradients, bounds: 0 };
}

const [MOST_ROWS, STEPS, DRAWS] = [32, 3, 10];
/** Seconds the measurement may take, about. */
const BUDGET = 0.5;

export async function estimateRun(
  opened: Classifier,
  threat: Threat,
  inputs: Inputs,
  { job, semantics }: { readonly job: Job; readonly semantics: Semantics },
  surrogates: readonly Classifier[],
): Promise<Estimate> {
  const begun = performance.now();
  const size = rowSize(inputs.x);
  const [first, stream] = [inputs.x.data.slice(0, size), inputs.indices.slice(0, 1)];
  await opened.judge(first, stream);
  const forward = await timed(() => opened.judge(first, stream));
  const count = Math.max(1, Math.min(MOST_ROWS, inputs.indices.length, BUDGET / (forward * 60)));
  const { classifier, rows } = await ownRows(opened, inputs, threat, Math.floor(count));
  const context = { classifier, threat, seed: 0 };
  const { gradients, noises, bounds } = typical(job, surrogates);
  const { bound } = planOf(job, surrogates).plan.proofs.findLast(isSearched) ?? { bound: crown };
  const bounded = bound.isDear(classifier) ? { ...rows, count: 1 } : rows;
  const attack = pgd({ loss: 'margin', steps: STEPS, restarts: 1 });
  const cost = async (times: number, run: () => Promise<number>): Promise<number> => {
    if (times === 0) return 0;
    await run();
    let done = 1;
    const seconds = await timed(async () => (done = await run()));
    return (times * seconds) / Math.max(1, done);
  };
  const perRow =
    (await cost(gradients, async () => {
      const { gradients: counts } = await attack.run(context, rows);
      return counts.reduce((sum, value) => sum + value, 0);
    })) +
    (await cost(noises, async () => {
      await noise({ draws: DRAWS }).run(context, rows);
      return rows.count;
    })) +
    (await cost(
      classifier.provable && isProvable(classifier.model, semantics) ? bounds : 0,
      async () => {
        await bound.margins(context, bounded, semantics);
        return bounded.count;
      },
    ));
  return { work: perRow * inputs.indices.length, start: (performance.now() - begun) / 1000 };
}

/** Rows with the model's own answers and a tiny radius: none breaks and leaves the batch. */
async function ownRows(opened: Classifier, inputs: Inputs, { eps }: Threat, count: number) {
  const data = inputs.x.data.slice(0, count * rowSize(inputs.x));
  const streams = inputs.indices.slice(0, count);
  const x = { ...inputs.x, shape: [count, ...inputs.x.shape.slice(1)], data };
  const labels = await labelsOf(opened, { x, indices: streams });
  const classifier = opened.withLabels(labels);
  return {
    classifier,
    rows: {
      count,
      x: data,
      labels: Int32Array.from(streams, (index) =>
        Math.max(0, classifier.kept(labels.get(index) ?? 0)),
      ),
      radii: new Float64Array(count).fill(eps * 1e-6),
      streams,
    },
  };
}

/** At ε alone a bound is asked about few inputs. */
function isSearched({ dearTolerance }: Proof): boolean {
  return dearTolerance !== null;
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return (performance.now() - begun) / 1000;
}
