/**
 * What is asked of every file, however broken: reading, surveying and outlining it end in a result or
 * in a ModelError; what was read has a gradient, intervals and a file of its own, or a typed error.
 */
import type { Shape } from '../../../src/graph/dimension.ts';
import { type Graph, inputNodes } from '../../../src/graph/graph.ts';
import { RuleMissing, ShapeError } from '../../../src/graph/ops/definition.ts';
import { outlineModel } from '../../../src/onnx/layers.ts';
import { ModelError } from '../../../src/onnx/model-error.ts';
import { surveyModel } from '../../../src/onnx/parse.ts';
import { type Model, readModel } from '../../../src/onnx/read.ts';
import { writeModel } from '../../../src/onnx/write.ts';
import { sizeOf } from '../../../src/tensor/tensor.ts';
import { gradientOf } from '../../../src/transforms/gradient.ts';
import { intervalGraph } from '../../transforms/interval-graph.ts';

export interface Reading {
  /** What was read; null where it was refused. */
  readonly model: Model | null;
  /** Which transforms ended in a typed error. */
  readonly without: readonly string[];
}

/** What the engine itself throws when a size or depth was not checked before. */
const unchecked =
  /call stack|array length|array buffer|string length|count value|to a BigInt|out of memory|not iterable|undefined|null/i;

/** A typed error may not be an untyped one in disguise. */
function expectTyped(error: unknown, types: readonly (new (...given: never[]) => Error)[]): void {
  if (!types.some((type) => error instanceof type)) throw error;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const engine = cause instanceof RangeError || cause instanceof TypeError;
    if (engine && unchecked.test(cause.message)) throw cause;
  }
}

function attempt<T>(body: () => T, types: readonly (new (...given: never[]) => Error)[]): T | null {
  try {
    return body();
  } catch (error) {
    expectTyped(error, types);
    return null;
  }
}

const READING = [ModelError];
const DERIVING = [RuleMissing, ShapeError, ModelError];

/** Graphs larger than this are read and no more. */
const MOST_NODES = 3000;
const MOST_ELEMENTS = 2 ** 22;

/** Elements of a value for one row: a symbolic size is the batch, or a multiple of it. */
export function rowElements(shape: Shape): number {
  return sizeOf(
    shape.map((dim) => (typeof dim === 'number' ? dim : Number.parseInt(dim, 10) || 1)),
  );
}

function largestValue({ nodes }: Graph): number {
  return nodes.reduce((most, { shape }) => Math.max(most, rowElements(shape)), 0);
}

export function isSmall({ graph }: Model): boolean {
  return graph.nodes.length <= MOST_NODES && largestValue(graph) <= MOST_ELEMENTS;
}

/** Throws what must not be thrown. */
export function checkReading(bytes: Uint8Array): Reading {
  attempt(() => surveyModel(bytes), READING);
  const model = attempt(() => readModel(bytes), READING);
  const byRow = attempt(() => readModel(bytes, { rowByRow: true }), READING);
  attempt(() => outlineModel(bytes, model), READING);
  const without: string[] = [];
  for (const read of new Set([model, byRow])) {
    if (!read) continue;
    if (attempt(() => writeModel(read.graph), DERIVING) === null) without.push('file');
    if (!isSmall(read)) continue;
    const output = read.graph.outputs[0]?.name ?? '';
    for (const input of inputNodes(read.graph)) {
      const at = input.attributes.name;
      const sum = gradientSum(read.graph, at, output);
      if (attempt(sum, DERIVING) === null) without.push('gradient');
    }
    const intervals = (): unknown => writeModel(intervalGraph(read.graph, { output }));
    if (attempt(intervals, DERIVING) === null) without.push('intervals');
  }
  return { model, without };
}

/** The gradient of the sum of an output, as a file. */
const gradientSum = (graph: Graph, at: string, output: string) => (): unknown =>
  writeModel(gradientOf(graph, { at, output, of: (b, value) => b.sumRows(value) }));
