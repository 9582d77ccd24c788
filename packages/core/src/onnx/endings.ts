/**
 * Outputs that are labels instead of scores, as converters write them: the ZipMap that names scores by
 * class, the ArgMax that picks one. Both only say what the scores before them mean, so they are left out of the
 * graph and the scores become the output.
 */
import { clone, create } from '@bufbuild/protobuf';
import {
  type GraphProto,
  type NodeProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { isFloating } from './ports.ts';
import { qualified } from './proto.ts';

/** Operators between an ArgMax and an output that do not change which class is meant. */
const passing: ReadonlySet<string> = new Set([
  'Cast',
  'Flatten',
  'Identity',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
]);

/** Operators that never reach the graph. */
export const leftOut: ReadonlySet<string> = new Set(['ai.onnx.ml.ZipMap']);

type Producers = ReadonlyMap<string, NodeProto>;

function producersOf(graph: GraphProto): Producers {
  return new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
}

interface Ending {
  readonly op: 'ArgMax' | 'ZipMap';
  readonly scores: string;
}

/** Along the axis behind the samples, or the last. */
function isOverClasses({ attribute }: NodeProto): boolean {
  const axis = Number(attribute.find(({ name }) => name === 'axis')?.i ?? 0n);
  return axis === 1 || axis === -1;
}

/** What an output is made from, where it only names or picks classes. */
function endingOf(producers: Producers, output: string): Ending | null {
  for (let node = producers.get(output), steps = 0; node && steps < 64; steps++) {
    const op = qualified(node);
    const [first = ''] = node.input;
    if (op === 'ArgMax') return isOverClasses(node) ? { op, scores: first } : null;
    if (op === 'ai.onnx.ml.ZipMap') return { op: 'ZipMap', scores: first };
    if (!passing.has(op)) return null;
    node = producers.get(first);
  }
  return null;
}

/** What is declared of a value inside; without a type, the runtime infers it. */
function declared(graph: GraphProto, name: string): ValueInfoProto {
  const known = [...graph.valueInfo, ...graph.input].find((info) => info.name === name);
  return known ? clone(ValueInfoProtoSchema, known) : create(ValueInfoProtoSchema, { name });
}

export interface ScoreOutputs {
  /** What was left out, in words. */
  readonly notes: readonly string[];
  /** The name of the output that took an output's place, by the name of the latter. */
  readonly places: ReadonlyMap<string, string>;
}

/**
 * Puts scores in the place of named or picked classes: always for a ZipMap; for an ArgMax where it is
 * the output `chosen`, or where no output holds real numbers. Changes the graph.
 */
export function uncoverScores(graph: GraphProto, chosen: string | undefined): ScoreOutputs {
  const producers = producersOf(graph);
  const notes: string[] = [];
  const places = new Map<string, string>();
  const endings = graph.output.map((output) => endingOf(producers, output.name));
  const scored = graph.output.some(
    (output, i) => endings[i]?.op === 'ZipMap' || (isFloating(output) && endings[i] === null),
  );
  graph.output = graph.output.map((output, i) => {
    const ending = endings[i];
    if (!ending || (ending.op === 'ArgMax' && scored && output.name !== chosen)) return output;
    if (!producers.has(ending.scores)) return output;
    places.set(output.name, ending.scores);
    const existing = graph.output.find(({ name }) => name === ending.scores);
    if (existing) return existing;
    notes.push(
      ending.op === 'ZipMap'
        ? `The model's ZipMap, which only names the scores of ${output.name}, is left out.`
        : `The model ends in an ArgMax: its answers are read from the scores before it.`,
    );
    return declared(graph, ending.scores);
  });
  graph.output = graph.output.filter(
    ({ name }, i) => graph.output.findIndex((other) => other.name === name) === i,
  );
  removeUnused(graph);
  return { notes, places };
}

/** A ZipMap whose result is no output any more would still be loaded, and refused, by a runtime. */
function removeUnused(graph: GraphProto): void {
  const used = new Set(graph.node.flatMap(({ input }) => input));
  for (const { name } of graph.output) used.add(name);
  graph.node = graph.node.filter(
    (node) => !leftOut.has(qualified(node)) || node.output.some((name) => used.has(name)),
  );
}
