/** What a person must know of how a model was opened. */
import type { NodeOf } from '../graph/graph.ts';
import type { Model } from '../onnx/read.ts';
import { passedSteps } from '../transforms/straight-through.ts';

export interface Opening {
  /** The output that is judged, and those that are not. */
  readonly output: string;
  readonly others: readonly string[];
  /** The perturbed input. */
  readonly input: NodeOf<'input'>;
  /** Whether its scores end in comparisons or rounding. */
  readonly answersInSteps: boolean;
  readonly straightThrough: boolean;
  /** How often the file is asked about each row. */
  readonly passes: number;
  /** How many draws of its random numbers attacks see. */
  readonly expectation: number;
}

export function notesOn(model: Model, opening: Opening): string[] {
  const { output, others, answersInSteps, straightThrough, passes, expectation } = opening;
  const notes: string[] = [];
  if (others.length > 0) {
    notes.push(
      `The model has several outputs; ${output} is judged (--output NAME chooses another: ${others.join(', ')}).`,
    );
  }
  const steps = passedSteps(model.graph, opening.input.attributes.name).length;
  if (answersInSteps) {
    notes.push(
      straightThrough
        ? 'The model answers in steps: attacks use the scores before them, and the answer judges.'
        : 'The model answers in steps, whose gradients are zero, so that attacks may see nothing: --straight-through attacks the scores before them.',
    );
  } else if (steps > 0) {
    const what = `The model rounds or compares inside (${steps} operations)`;
    notes.push(
      straightThrough
        ? `${what}: the gradients of attacks pass straight through.`
        : `${what}, where gradients are zero, so that attacks may see nothing: --straight-through lets gradients pass.`,
    );
  }
  if (!model.batched) {
    notes.push('The model takes one sample at a time: it is run row by row.');
  } else if (model.lifted) {
    notes.push(
      'The file takes one sample at a time: it judges row by row, and is searched in batches.',
    );
  }
  if (model.precision !== 'float32') {
    notes.push(
      `The model computes in ${model.precision}: it is searched in float32 and judged by the file.`,
    );
  }
  if (model.rounded) {
    notes.push(
      'Float32 cannot hold its weights, so nothing is proven about it: convert it to float32, and prove that file.',
    );
  }
  if (passes > 1) {
    const seen =
      expectation > 1
        ? `Attacks see the mean of ${expectation} draws of its random numbers.`
        : 'Attacks see one draw of its random numbers (--eot K shows them the mean of K).';
    notes.push(
      `The model is randomised: each answer is that of ${passes} seeded passes, wrong in at least half of them means broken, and nothing is certified. ${seen}`,
    );
  }
  return notes;
}
