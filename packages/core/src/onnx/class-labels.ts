/**
 * What a classifier's columns are called. Converters of classical models keep the classes as they were
 * trained on, numbers or texts: in the ZipMap that names scores, in the classifier that gives them, or in
 * the array from which an ArgMax picks the answer.
 */
import { getTextEncoding } from '@bufbuild/protobuf/wire';
import type { GraphProto, NodeProto, TensorProto } from 'onnx-buf';
import { readTensor, TEXT } from './element-types.ts';
import { qualified } from './proto.ts';

/** The class of each column, in order. */
export type ClassLabels = readonly string[] | readonly number[];

/** Operators whose result has the columns of their operand. */
const keeping: ReadonlySet<string> = new Set([
  'Cast',
  'Identity',
  'LogSoftmax',
  'Sigmoid',
  'Softmax',
  'ai.onnx.ml.Normalizer',
  'ai.onnx.ml.ZipMap',
]);

/** Operators that may take single columns out of their operand: these are called as in the whole. */
const parting: ReadonlySet<string> = new Set([
  'Gather',
  'Reshape',
  'Slice',
  'Split',
  'Squeeze',
  'ai.onnx.ml.ArrayFeatureExtractor',
]);

const attributeNames = ['classlabels_ints', 'classlabels_int64s', 'classlabels_strings'];

/** More classes than any model has are not compared with labels. */
const MOST_CLASSES = 2 ** 16;

/** What the columns of scores are called, by the name of the scores. */
export function classLabelsOf(graph: GraphProto): (scores: string) => ClassLabels | undefined {
  const labels = new Map<string, ClassLabels>();
  for (const node of graph.node) {
    const [first = ''] = node.input;
    const own = labelsOfNode(node);
    // A classifier gives its answers first, its scores second.
    if (own && qualified(node) !== 'ai.onnx.ml.ZipMap') labels.set(node.output[1] ?? '', own);
    const whole = labels.get(first);
    if (whole && parting.has(qualified(node))) {
      for (const name of node.output) labels.set(name, whole);
    }
    if (!keeping.has(qualified(node))) continue;
    if (own && !labels.has(first)) labels.set(first, own);
    const passed = own ?? labels.get(first);
    if (passed) labels.set(node.output[0] ?? '', passed);
  }
  const picked = labelsPickedFrom(graph);
  return (scores) => labels.get(scores) ?? picked;
}

function labelsOfNode({ attribute }: NodeProto): ClassLabels | undefined {
  const found = attribute.filter(({ name }) => attributeNames.includes(name));
  const texts = found.flatMap(({ strings }) => strings).map(textOf);
  const numbers = found.flatMap(({ ints }) => ints).map(Number);
  return texts.length > 0 ? distinct(texts) : distinct(numbers);
}

/** The classes in `classes[ArgMax(scores)]`, where the file has one such list. */
function labelsPickedFrom(graph: GraphProto): ClassLabels | undefined {
  const positions = new Set<string>();
  const lists = new Map<string, TensorProto>(graph.initializer.map((list) => [list.name, list]));
  const found: (ClassLabels | undefined)[] = [];
  for (const node of graph.node) {
    const [first = '', second = ''] = node.input;
    const passes = ['Cast', 'Reshape', 'Squeeze'].includes(qualified(node)) && positions.has(first);
    if (passes || qualified(node) === 'ArgMax') positions.add(node.output[0] ?? '');
    if (qualified(node) !== 'ai.onnx.ml.ArrayFeatureExtractor' || !positions.has(second)) continue;
    const list = lists.get(first);
    if (list) found.push(labelsIn(list));
  }
  return found.length === 1 ? found[0] : undefined;
}

function labelsIn(list: TensorProto): ClassLabels | undefined {
  if (list.dataType === TEXT) return distinct(list.stringData.map(textOf));
  const { data } = readTensor(list, `the initializer ${list.name}`);
  return distinct(Array.from(data as ArrayLike<number | bigint>, Number));
}

const textOf = (bytes: Uint8Array): string => getTextEncoding().decodeUtf8(bytes);

/** Names that tell classes apart. */
function distinct<T extends string | number>(labels: readonly T[]): readonly T[] | undefined {
  const usable = labels.length > 1 && labels.length <= MOST_CLASSES;
  if (!usable || new Set(labels).size !== labels.length) return undefined;
  return labels.every((label) => typeof label === 'string' || Number.isSafeInteger(label))
    ? labels
    : undefined;
}
