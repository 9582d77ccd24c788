/**
 * What a gradient costs: the time of a graph that gives a number a row and its input gradient, as a
 * multiple of a forward pass, alternated on one thread. Lower quartiles, since machines are noisy.
 */
import {
  BATCH,
  type Builder,
  gradientOf,
  inputNodes,
  isSymbolic,
  type Model,
  type Node,
  RandomBlock,
  type Runtime,
  type Session,
  sizeOf,
  type Tensor,
  tensor,
  writeModel,
} from 'glacis';

export const BATCHES: readonly number[] = [32, 64, 128];

export interface Timing {
  readonly batch: number;
  readonly forwardMs: number;
  /** Gradient with forward, over forward. */
  readonly ratio: number;
}

const [FEWEST_ROUNDS, MOST_ROUNDS, BUDGET_MS] = [5, 60, 400];

/** The sum of all outputs, one number a row. */
function total(b: Builder, output: Node): Node {
  return b.sumRows(output);
}

/** The bytes of the graph that is timed. */
export function gradientBytes(model: Model): Uint8Array {
  const [input] = inputNodes(model.graph);
  return writeModel(gradientOf(model, { of: total, at: input?.attributes.name ?? '' }));
}

/** Times the model's only input at several batches, or at one row where it runs row by row. */
export async function timings(model: Model, runtime: Runtime): Promise<Timing[]> {
  const first = model.inputs[0]?.shape[0];
  // A file written for one sample cannot run a batch: its graph, written with an open batch, can.
  const open = !model.batched || (first !== undefined && isSymbolic(first));
  const forward = await runtime.session(open ? model.bytes : writeModel(model.graph));
  const gradient = await runtime.session(gradientBytes(model));
  const times: Timing[] = [];
  for (const batch of model.batched ? BATCHES : [1]) {
    const x = rowsFor(model, batch);
    const file = model.batchAxis ? x : { ...x, shape: x.shape.slice(1) };
    times.push(await compared(batch, [forward, open ? file : x], [gradient, x]));
  }
  await forward.release();
  await gradient.release();
  return times;
}

/** Uniform rows in the shape of the model's input. */
export function rowsFor(model: Model, batch: number): Tensor {
  const shape = (inputNodes(model.graph)[0]?.shape ?? []).map((dim) =>
    dim === BATCH ? batch : Number(dim),
  );
  const random = new RandomBlock(1, 0, 0);
  return tensor(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => random.uniform(i)),
  );
}

async function compared(
  batch: number,
  ...pairs: readonly (readonly [Session, Tensor])[]
): Promise<Timing> {
  const runs = pairs.map(([session, x]) => {
    const feeds = { [session.inputNames[0] ?? '']: x };
    return async (): Promise<number> => {
      const begun = performance.now();
      await session.run(feeds);
      return performance.now() - begun;
    };
  });
  let warm = 0;
  for (const run of [...runs, ...runs]) warm += await run();
  const wanted = Math.floor((2 * BUDGET_MS) / warm);
  const rounds = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, wanted));
  const times = runs.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, run] of runs.entries()) times[i]?.push(await run());
  }
  const [forwardMs = 1, gradientMs = 0] = times.map(lowerQuartile);
  return { batch, forwardMs, ratio: gradientMs / forwardMs };
}

function lowerQuartile(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 4)] ?? Number.NaN;
}
