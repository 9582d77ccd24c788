/**
 * The model as it is on the mean over a neighbourhood: several copies of the network, each seeing the input
 * moved by fixed noise, with steps passed straight through. Ripples and switches that hide a slope cancel in
 * the mean, so its gradient is the slope beneath (expectation over transformation, Athalye et al. 2018, for a
 * transformation that is noise). A surrogate that needs no training.
 */
import { Builder, replay } from '../graph/builder.ts';
import { inputNamed } from '../graph/graph.ts';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { openClassifier } from '../runtime/open-classifier.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { RandomBlock } from '../tensor/random.ts';
import type { Threat } from '../threats/threat.ts';

const COPIES = 8;
/** Length of the noise, in radii. */
const SPREAD = 0.25;
const SMOOTHING_DRAW = 0x54000;

/** Null for models with further inputs, random ones among them, and criteria with scores of their own. */
export async function openSmoothed(
  classifier: Classifier,
  runtime: Runtime,
  threat: Threat,
  seed: number,
): Promise<Classifier | null> {
  const { graph, input, logits, sides, sampleShape, sampleSize, criterion, model } = classifier;
  const isPlain = criterion.kind === 'misclassified' && sides.length === 0 && model.batched;
  if (!isPlain || threat.norm.counts) return null;
  const b = new Builder();
  const given = inputNamed(graph, input);
  const x = b.input(input, given.shape);
  const noise = new Float64Array(sampleSize);
  let sum = x;
  for (let copy = 0; copy < COPIES; copy++) {
    threat.norm.sample(new RandomBlock(seed, copy, SMOOTHING_DRAW), noise);
    // Uniform lengths, and every draw with its opposite: the mean of the moves is 0.
    const length = (copy % 2 === 0 ? 1 : -1) * SPREAD * threat.eps * (1 - copy / (2 * COPIES));
    const move = b.floats(
      noise.map((value) => length * value),
      [1, ...sampleShape],
    );
    const scores = replay(b, graph, new Map([[given.id, b.add(x, move)]])).get(logits.id);
    if (!scores) return null;
    sum = copy === 0 ? scores : b.add(sum, scores);
  }
  const bytes = writeModel(b.graph({ logits: b.mul(sum, 1 / COPIES) }));
  return openClassifier(readModel(bytes), runtime, { criterion, straightThrough: true });
}
