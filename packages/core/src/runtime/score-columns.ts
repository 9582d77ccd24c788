/**
 * Scores that a file takes apart into an output for each class, as scikit-learn's converter does on request.
 * A column alone says nothing of the others: they are put together again, in the file too, whose word counts.
 */
import { type Graph, type Node, nodeAt, operandsOf, outputNamed } from '../graph/graph.ts';
import { withColumns } from '../onnx/joined-columns.ts';
import { type Model, readAgain } from '../onnx/read.ts';
import { unshaped } from './score-rules.ts';

/** One column of a table of several. */
export interface Column {
  readonly table: Node;
  readonly at: number;
}

/** What a value of one number a row is taken from; undefined where it is taken from no table. */
export function columnOf(graph: Graph, value: Node): Column | undefined {
  const inner = unshaped(graph, value);
  if (inner.op !== 'slice' && inner.op !== 'gather') return undefined;
  const table = nodeAt(graph, inner.operands[0] ?? 0);
  if (inner.attributes.axis !== 1 || inner.shape[1] !== 1) return undefined;
  if (table.shape.length !== 2 || table.shape[1] === 1) return undefined;
  const at = inner.op === 'slice' ? inner.attributes.start : inner.attributes.indices[0];
  return { table, at: at ?? 0 };
}

/** Whether each row of an output is one number. */
export function isSingle({ shape }: Node): boolean {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 1);
}

/** The table all of whose columns, each once, are these values; undefined where there is none. */
function tableOf(graph: Graph, values: readonly Node[]): Node | undefined {
  const columns = values.map((value) => columnOf(graph, value));
  const [first] = columns;
  const at = new Set(columns.map((column) => column?.at));
  const whole = first?.table.shape[1] === values.length && at.size === values.length;
  return whole && columns.every((column) => column?.table === first.table)
    ? first.table
    : undefined;
}

/** The table that a concatenation puts together again, column by column in order; else the value itself. */
export function rejoined(graph: Graph, value: Node): Node {
  if (value.op !== 'concat' || value.attributes.axis !== 1) return value;
  const parts = operandsOf(graph, value);
  const table = tableOf(graph, parts);
  const inOrder = parts.every((part, i) => columnOf(graph, part)?.at === i);
  return table && inOrder ? table : value;
}

/** The model with one output of scores in the place of those that are its columns, in the file's order. */
export function withJoinedColumns(model: Model): Model {
  const { graph, classLabels } = model;
  const names = graph.outputs.map(({ name }) => name);
  const values = names.map((name) => outputNamed(graph, name));
  if (names.length < 2 || !model.batchAxis || !tableOf(graph, values)) return model;
  const joined = names.includes('scores') ? 'glacis/scores' : 'scores';
  const [labels, ...others] = names.map((name) => classLabels.get(name));
  const alike = labels?.length === names.length && others.every((each) => each === labels);
  const read = readAgain(model, { bytes: withColumns(model.bytes, names, joined) });
  return {
    ...read,
    classLabels: alike ? new Map([[joined, labels]]) : new Map(),
    notes: [
      ...read.notes,
      `The outputs ${names.join(', ')} are the columns of one table of scores: together, in this order, they are the classes' scores.`,
    ],
  };
}
