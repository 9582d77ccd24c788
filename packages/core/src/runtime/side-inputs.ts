/**
 * Inputs of a model that nobody perturbs: fixed ones, with a row for each input of the data, and the random
 * numbers of a randomised model, drawn from counted streams. Programs read them beside the perturbed input, as points.
 */
import type { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { inputNodes } from '../graph/graph.ts';
import { known } from '../graph/dimension.ts';
import type { Port } from '../onnx/ports.ts';
import type { RandomInput } from '../onnx/randomness.ts';
import { RandomBlock } from '../tensor/random.ts';
import { sizeOf } from '../tensor/tensor.ts';
import type { RowFeed } from './rows.ts';

/** Values of an input that stays as it is. */
export interface FixedRows {
  /** [rows × size of a sample]; one row serves every input of the data. */
  readonly data: Float32Array;
  readonly rows: number;
}

export interface SideInput {
  readonly port: Port;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly size: number;
  /** Whether its values are random numbers, others in each pass. */
  readonly isRandom: boolean;
  /** Rows there are; streams beyond have none. Infinity where every stream has one. */
  readonly rows: number;
  /** Its values beside the input of the data that the stream names, in one pass over it; not to be written to. */
  row(stream: number, pass: number): Float32Array;
}

/** Passes of the search draw other numbers than those of the judge. */
export const SEARCH_PASS = 0x10000;
/** Passes from here on are made once; those below again and again. */
export const FRESH_PASS = SEARCH_PASS + 0x1000;
/** Drawn numbers of one input that are kept at most for passes that come again. */
const KEPT_BYTES = 2 ** 26;
/** Seed of all draws: what a verdict rests on must not depend on the run's seed. */
const SEED = 0x9e3779b9;
const DRAWS = 0x1000000;

export function fixedInput(port: Port, shape: readonly number[], fixed: FixedRows): SideInput {
  const size = sizeOf(shape);
  if (fixed.data.length !== fixed.rows * size) {
    throw new RangeError(
      `the input ${port.name} takes ${size} numbers a row; ${fixed.data.length} do not make ${fixed.rows} rows`,
    );
  }
  return {
    port,
    shape,
    size,
    isRandom: false,
    rows: fixed.rows === 1 ? Infinity : fixed.rows,
    row: (stream) => {
      const row = fixed.rows === 1 ? 0 : stream;
      if (row >= fixed.rows) {
        throw new RangeError(`the input ${port.name} has no row ${row}: there are ${fixed.rows}`);
      }
      return fixed.data.subarray(row * size, (row + 1) * size);
    },
  };
}

export function randomInput(
  port: Port,
  shape: readonly number[],
  { kind, location, scale }: RandomInput,
  place: number,
): SideInput {
  const size = sizeOf(shape);
  const drawn = (stream: number, pass: number): Float32Array => {
    const random = new RandomBlock(SEED, stream, place * DRAWS + pass);
    const row = new Float32Array(size);
    if (kind === 'normal')
      for (let i = 0; i < size; i++) row[i] = location + scale * random.normal(i);
    else for (let i = 0; i < size; i++) row[i] = location + scale * random.uniform(i);
    return row;
  };
  const kept = new Map<number, Float32Array>();
  const mostKept = Math.floor(KEPT_BYTES / (4 * Math.max(1, size)));
  return {
    port,
    shape,
    size,
    isRandom: true,
    rows: Infinity,
    row: (stream, pass) => {
      if (pass >= FRESH_PASS) return drawn(stream, pass);
      const key = stream * FRESH_PASS + pass;
      const row = kept.get(key) ?? drawn(stream, pass);
      if (kept.size < mostKept) kept.set(key, row);
      return row;
    },
  };
}

const feedName = (name: string): string => `side/${name}`;

/** Side inputs as inputs of a builder, by the id of the graph's input each stands for. */
export function sideNodes(b: Builder, graph: Graph, perturbed: string): [number, Node][] {
  return inputNodes(graph)
    .filter(({ attributes }) => attributes.name !== perturbed)
    .map(({ id, shape, attributes }) => [id, b.input(feedName(attributes.name), shape)]);
}

const drawName = (name: string, pass: number): string => `${feedName(name)}/${pass}`;

/** Other draws of the random ones among `sideNodes`, for a later pass over the same rows. */
export function redrawn(
  b: Builder,
  graph: Graph,
  random: ReadonlySet<string>,
  pass: number,
): [number, Node][] {
  return inputNodes(graph)
    .filter(({ attributes }) => random.has(attributes.name))
    .map(({ id, shape, attributes }) => [id, b.input(drawName(attributes.name, pass), shape)]);
}

/** Feeds for `redrawn` in all passes after the first. */
export function redrawnFeeds(
  sides: readonly SideInput[],
  streams: readonly number[],
  passes: number,
): Record<string, RowFeed> {
  const later = Array.from({ length: Math.max(0, passes - 1) }, (_, i) => i + 1);
  return Object.fromEntries(
    sides
      .filter(({ isRandom }) => isRandom)
      .flatMap((side) =>
        later.map((pass) => [
          drawName(side.port.name, pass),
          { data: sideRows(side, streams, SEARCH_PASS + pass), shape: side.shape },
        ]),
      ),
  );
}

/** Feeds for `sideNodes`, a row for each stream. */
export function sideFeeds(
  sides: readonly SideInput[],
  streams: readonly number[],
  pass = SEARCH_PASS,
): Record<string, RowFeed> {
  return Object.fromEntries(
    sides.map((side) => [
      feedName(side.port.name),
      { data: sideRows(side, streams, pass), shape: side.shape },
    ]),
  );
}

/** [streams × size] */
export function sideRows(side: SideInput, streams: readonly number[], pass: number): Float32Array {
  const data = new Float32Array(streams.length * side.size);
  streams.forEach((stream, i) => data.set(side.row(stream, pass), i * side.size));
  return data;
}

/** The shape of one sample of an input of the graph. */
export function sampleShapeOf(node: Node): number[] {
  return node.shape.slice(1).map((dim) => known(dim, 'the input'));
}
