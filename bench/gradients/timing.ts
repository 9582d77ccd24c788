/**
 * What a gradient costs: the time of a graph that gives a number a row and its input gradient, as a
 * multiple of a forward pass of the whole batch, alternated on one thread; the gradient in as many rows at once as
 * attacks run. Lower quartiles, since machines are noisy.
 */
import {
  Builder,
  feedsOf,
  gradientWith,
  inputNodes,
  isSymbolic,
  type Layout,
  layoutOf,
  type Model,
  type Node,
  randomPoints,
  replayLowered,
  rowsAtOnce,
  type Runtime,
  type Session,
  type Tensor,
  writeModel,
} from 'glacis';

type Feeds = Readonly<Record<string, Tensor>>;

export const BATCHES: readonly number[] = [32, 64, 128];

export interface Timing {
  readonly batch: number;
  readonly forwardMs: number;
  /** Gradient with forward, over forward. */
  readonly ratio: number;
}

const [FEWEST_ROUNDS, MOST_ROUNDS, BUDGET_MS] = [5, 60, 400];

/** The inputs that gradients are taken at. */
function realInputs(layout: Layout): string[] {
  return layout.parts.filter(({ real }) => real).map(({ port }) => port.name);
}

/** Whether there is a gradient to time. */
export function hasGradient(model: Model): boolean {
  return realInputs(layoutOf(model, {})).length > 0;
}

/** The bytes of the graph that is timed: the sum of all outputs, and its gradients at all real inputs. */
export function gradientBytes(model: Model): Uint8Array {
  const b = new Builder();
  const copies = replayLowered(b, model.graph, new Map(), ['gradient']);
  const sums = model.graph.outputs.flatMap(({ id }) => {
    const output = copies.get(id);
    return output ? [b.sumRows(output)] : [];
  });
  const value = sums.reduce((sum, each) => b.add(sum, each));
  const names = new Set(realInputs(layoutOf(model, {})));
  const at = inputNodes(model.graph)
    .filter(({ attributes }) => names.has(attributes.name))
    .flatMap(({ id }) => copies.get(id) ?? []);
  const outputs: Record<string, Node> = { value };
  gradientWith(b, value, at).forEach((gradient, i) => (outputs[`gradient ${i}`] = gradient));
  return writeModel(b.graph(outputs));
}

/** Times the model at several batches, or at one row where it runs row by row. */
export async function timings(model: Model, runtime: Runtime): Promise<Timing[]> {
  // A file written for one sample cannot run a batch: its graph, written with an open batch, can.
  const open =
    !model.batched ||
    model.inputs.every(({ shape: [first] }) => first !== undefined && isSymbolic(first));
  const forward = await runtime.session(open ? model.bytes : writeModel(model.graph));
  const gradient = await runtime.session(gradientBytes(model));
  const times: Timing[] = [];
  for (const batch of model.batched ? BATCHES : [1]) {
    const own = rowsFor(model, batch, open ? 'original' : 'derived');
    const derived = partsOf(batch, rowsAtOnce({ model })).map((rows) =>
      rowsFor(model, rows, 'derived'),
    );
    times.push(await compared(batch, [forward, [own]], [gradient, derived]));
  }
  await forward.release();
  await gradient.release();
  return times;
}

/** A batch in as many rows at once as attacks run. */
function partsOf(batch: number, most: number): number[] {
  return Array.from({ length: Math.ceil(batch / most) }, (_, part) =>
    Math.min(most, batch - part * most),
  );
}

/** Random rows for all inputs: token ids and masks where the model takes them. */
export function rowsFor(model: Model, batch: number, who: 'original' | 'derived'): Feeds {
  const layout = layoutOf(model, {});
  return feedsOf(layout, randomPoints(layout, batch, 1), batch, who);
}

async function compared(
  batch: number,
  ...pairs: readonly (readonly [Session, readonly Feeds[]])[]
): Promise<Timing> {
  const runs = pairs.map(([session, parts]) => {
    return async (): Promise<number> => {
      const begun = performance.now();
      for (const feeds of parts) await session.run(feeds);
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
