/**
 * The file and the graph read from it, as functions of points. What ONNX Runtime refuses is said in a
 * sentence: --check runs whatever files people bring.
 */
import {
  type Model,
  ModelError,
  refusalOf,
  type Runtime,
  type Session,
  type SessionOptions,
} from '@glacis/core';
import { feedsOf, type Layout } from './points.ts';
import { joined, numbersOf } from './rows.ts';

/** All outputs by name, row after row, at points [count × size]. */
export type Outputs = Readonly<Record<string, Float64Array>>;

export interface Evaluation {
  /** As many rows at once as may be. */
  rows(points: Float32Array, count: number): Promise<Outputs>;
  /** One run a row. */
  oneByOne(points: Float32Array, count: number): Promise<Outputs>;
  /** Points that are in memory at once. */
  readonly most: number;
  release(): Promise<void>;
}

/** Values that may be alive in one run, in the order of magnitude: bounds the memory of a batch. */
const MOST_VALUES = 3e7;
const MOST_ROWS = 256;

/** Rows that are run at once, where one row makes so many values. */
export function rowsAtOnce(valuesPerRow: number): number {
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_VALUES / valuesPerRow)));
}

export async function openEvaluation(
  layout: Layout,
  runtime: Runtime,
  bytes: Uint8Array,
  { who, valuesPerRow }: { readonly who: 'original' | 'derived'; readonly valuesPerRow: number },
): Promise<Evaluation> {
  const { model, size } = layout;
  const session = await opened(runtime, bytes, { optimised: !isVast(model.graph) });
  const inRuns =
    (most: number) =>
    async (points: Float32Array, count: number): Promise<Outputs> => {
      const runs: Outputs[] = [];
      for (let start = 0; start < count; start += most) {
        const rows = Math.min(most, count - start);
        const own = points.slice(start * size, (start + rows) * size);
        runs.push(numbers(await ran(session, feedsOf(layout, own, rows, who), layout)));
      }
      return stacked(runs);
    };
  const open = who === 'derived' ? model.batched : takesAnyBatch(model);
  return {
    rows: inRuns(open ? rowsAtOnce(valuesPerRow) : 1),
    oneByOne: inRuns(1),
    most: rowsAtOnce(valuesPerRow),
    release: () => session.release(),
  };
}

/** Whether the file itself, not only the graph read from it, takes any number of rows. */
function takesAnyBatch({ inputs, batched, lifted, batchAxis }: Model): boolean {
  const isOpen = inputs.every(({ shape: [first] }) => typeof first === 'string');
  return batched && !lifted && batchAxis && isOpen;
}

/** Operations beyond which a runtime takes longer to prepare a graph than to run it many times. */
const VAST = 10_000;

export const isVast = ({ nodes }: Model['graph']): boolean => nodes.length > VAST;

export async function opened(
  runtime: Runtime,
  bytes: Uint8Array,
  options: SessionOptions = {},
): Promise<Session> {
  try {
    return await runtime.session(bytes, options);
  } catch (error) {
    throw new ModelError('invalid', `ONNX Runtime cannot load it (${refusalOf(error)})`);
  }
}

export async function ran(
  session: Session,
  feeds: Parameters<Session['run']>[0],
  { parts }: Layout,
): ReturnType<Session['run']> {
  try {
    return await session.run(feeds);
  } catch (error) {
    // Token ids and positions may be none that it knows.
    const drawn = parts.filter(({ real, given }) => !real && !given).map(({ port }) => port.name);
    const advice = drawn.length > 0 ? `; give ${drawn.join(', ')} with --set NAME=FILE` : '';
    throw new ModelError(
      'invalid',
      `ONNX Runtime cannot run it on random inputs (${refusalOf(error)})${advice}`,
    );
  }
}

function numbers(results: Awaited<ReturnType<Session['run']>>): Outputs {
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => [name, numbersOf(value)]),
  );
}

function stacked(runs: readonly Outputs[]): Outputs {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, joined(runs.map((run) => run[name] ?? new Float64Array(0)))]),
  );
}
