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

const ZIP_MAP = 'ai.onnx.ml.ZipMap';

/** Operators that never reach the graph. */
export const leftOut: ReadonlySet<string> = new Set([ZIP_MAP]);

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
  const unnamed = openZipMaps(graph);
  const picked = openPicked(graph, chosen);
  return {
    notes: [...unnamed.notes, ...picked.notes],
    places: new Map([...unnamed.places, ...picked.places]),
  };
}

/** What a ZipMap gives are then the scores themselves, under its own name. */
function openZipMaps(graph: GraphProto): ScoreOutputs {
  const notes: string[] = [];
  const places = new Map<string, string>();
  for (const node of graph.node.filter((each) => qualified(each) === ZIP_MAP)) {
    const [name = ''] = node.output;
    node.domain = '';
    node.opType = 'Identity';
    node.attribute = [];
    places.set(name, name);
    notes.push(`The model's ZipMap, which only names the scores of ${name}, is left out.`);
    const untyped = create(ValueInfoProtoSchema, { name });
    graph.output = graph.output.map((output) => (output.name === name ? untyped : output));
  }
  return { notes, places };
}

function openPicked(graph: GraphProto, chosen: string | undefined): ScoreOutputs {
  const producers = new Map(
    graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)),
  );
  const notes: string[] = [];
  const places = new Map<string, string>();
  const scores = graph.output.map(({ name }) => pickedFrom(producers, name));
  const scored = graph.output.some((output, i) => isFloating(output) && scores[i] === null);
  graph.output = graph.output.map((output, i) => {
    const from = scores[i];
    if (from == null || (scored && output.name !== chosen)) return output;
    places.set(output.name, from);
    notes.push('The model ends in an ArgMax: its answers are read from the scores before it.');
    return declared(graph, from);
  });
  graph.output = graph.output.filter(
    ({ name }, i) => graph.output.findIndex((other) => other.name === name) === i,
  );
  return { notes, places };
}

/** The scores that an output picks a class from; null where it does not, or where they are no result. */
function pickedFrom(producers: ReadonlyMap<string, NodeProto>, output: string): string | null {
  const seen = new Set<NodeProto>();
  let node = producers.get(output);
  while (node && !seen.has(node)) {
    seen.add(node);
    const [first = ''] = node.input;
    if (qualified(node) === 'ArgMax') {
      return isOverClasses(node) && producers.has(first) ? first : null;
    }
    if (!passing.has(qualified(node))) return null;
    node = producers.get(first);
  }
  return null;
}

/** Along the axis behind the samples, or the last. */
function isOverClasses({ attribute }: NodeProto): boolean {
  const axis = Number(attribute.find(({ name }) => name === 'axis')?.i ?? 0n);
  return axis === 1 || axis === -1;
}

/** What is declared of a value inside; without a type, the runtime infers it. */
function declared(graph: GraphProto, name: string): ValueInfoProto {
  const outside = [...graph.output, ...graph.valueInfo, ...graph.input];
  const known = outside.find((info) => info.name === name);
  return known ? clone(ValueInfoProtoSchema, known) : create(ValueInfoProtoSchema, { name });
}
