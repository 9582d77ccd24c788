/**
 * Broken: the single number f(x) that a regression gives is off its target y by t or more. The scores are
 * t, which is kept, f − y and y − f: an attack may go towards either side as towards a class, even where
 * f = y and |f − y| has no slope, and the margin is linear in f, as proofs want it.
 */
import { BATCH, known } from '../../graph/dimension.ts';
import { type Graph, outputNamed } from '../../graph/graph.ts';
import { ModelError } from '../../onnx/model-error.ts';
import { roundDown } from '../../tensor/float32.ts';
import { extended } from '../heads.ts';
import { GOAL, type View } from './view.ts';

/** Throws ModelError where the output is not one number a row. */
export function error(graph: Graph, output: string, above: number): View {
  const node = outputNamed(graph, output);
  const width = node.shape.slice(1).reduce<number>((all, dim) => all * known(dim, 'the output'), 1);
  if (width !== 1) {
    throw new ModelError(
      'unsupported',
      `output ${output} holds ${width} numbers for each input; an error is that of one number`,
    );
  }
  const { graph: whole, built } = extended(graph, (b, copyOf) => {
    const column = [node.shape[0] ?? BATCH, 1];
    const off = b.sub(b.reshape(copyOf(node), column), b.input(GOAL, column));
    // An end inside: what is proven of it holds of the number itself.
    const most = b.expand(b.scalar(roundDown(above)), column);
    return b.concat([most, off, b.neg(off)], 1);
  });
  return {
    graph: whole,
    search: built,
    proven: built,
    classes: 3,
    separation: 0,
    width: 1,
    labelled: Infinity,
    provable: true,
    notes: [`An input is broken where the model's number is off its target by ${above} or more.`],
    kept: () => 0,
    goal: { size: 1, row: (label) => Float32Array.of(label) },
    read: (raw, labels) => {
      const scores = new Float64Array(3 * raw.length);
      raw.forEach((value, row) => {
        // Targets are the float32 numbers that programs see.
        const off = value - Math.fround(labels[row] ?? Number.NaN);
        scores.set([above, off, -off], 3 * row);
      });
      return { scores, answers: raw.slice() };
    },
    mistaken: () => false,
  };
}
