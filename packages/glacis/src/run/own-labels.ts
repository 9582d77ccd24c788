/**
 * A file's own labels beside its scores. Converters may scale scores so that the greatest is no longer the
 * label's (a division by a negative sum); what is said of such scores is not said of the labels.
 */
import { type Classifier, fedAs, type Runtime, type Tensor } from '@glacis/core';
import type { Inputs } from './inputs.ts';

const COMPARED_ROWS = 64;
/** Ties and rounding may part a few. */
const FEW = 0.1;

/** A sentence on labels that contradict the scores; null where they do not, or where there are none. */
export async function contradictedLabels(
  classifier: Classifier,
  runtime: Runtime,
  { x, indices }: Pick<Inputs, 'x' | 'indices'>,
): Promise<string | null> {
  const { model, criterion, sides, input, sampleShape, sampleSize, classLabels } = classifier;
  const port = model.inputs.find(({ name }) => name === input);
  const comparable = criterion.kind === 'misclassified' && sides.length === 0 && model.batchAxis;
  if (!port || !comparable) return null;
  const session = await runtime.session(model.bytes);
  try {
    const scores = new Set(model.graph.outputs.map(({ name }) => name));
    if (session.outputNames.every((name) => scores.has(name))) return null;
    const rows = Math.min(indices.length, COMPARED_ROWS);
    const { predictions } = await classifier.judge(
      x.data.slice(0, rows * sampleSize),
      indices.slice(0, rows),
    );
    const differing = new Map<string, number>();
    for (let row = 0; row < rows; row++) {
      const own = x.data.slice(row * sampleSize, (row + 1) * sampleSize);
      const found = await session.run({ [input]: fedAs(port, [1, ...sampleShape], own) });
      const answer = predictions[row] ?? -1;
      for (const [name, value] of Object.entries(found)) {
        const label = scores.has(name) ? undefined : labelIn(value);
        if (label === undefined || answer < 0) continue;
        const differs = label !== Number(classLabels?.[answer] ?? answer);
        differing.set(name, (differing.get(name) ?? 0) + Number(differs));
      }
    }
    const [worst] = [...differing].sort(([, a], [, b]) => b - a);
    if (!worst || worst[1] <= FEW * rows) return null;
    const [name, count] = worst;
    return `The file contradicts itself: its label output ${name} is not the class of the greatest score in ${count} of ${rows} inputs. The scores are believed here, so accuracy, attacks and proofs are about them and not about ${name}: export the model with the scores its labels are chosen by (decision values instead of probabilities), or choose them with --output.`;
  } finally {
    await session.release();
  }
}

/** The one whole number of a row. */
function labelIn({ type, data }: Tensor): number | undefined {
  return (type === 'int64' || type === 'int32') && data.length === 1 ? Number(data[0]) : undefined;
}
