/**
 * The gradient of the strongest rival's lead at x with the slopes of chords to a point nearby: what is left of a
 * ripple is its height over the chord's length, where a derivative has its height over the ripple's.
 */
import { Builder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { batchOf, networkInputs } from '../runtime/network.ts';
import type { Program } from '../runtime/programs.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { replayLowered } from '../transforms/lowering.ts';
import { marginOf, oneHotRows } from '../transforms/margin.ts';

/** x, near, labels → `margin` at x, and the `gradient` of −margin by chords from x to near. */
export function chordGraph(classifier: Classifier): Graph {
  const { graph, logits: scores, sampleShape, classes } = classifier;
  const b = new Builder();
  const batch = batchOf(classifier);
  const x = b.input('x', [batch, ...sampleShape]);
  const near = b.input('near', x.shape);
  const given = networkInputs(b, classifier, x);
  const moved = new Map([...given].map(([id, node]) => [id, node === x ? near : node]));
  const valuesOf = (inputs: ReadonlyMap<number, Node>): Map<number, Node> =>
    replayLowered(b, graph, inputs, ['gradient'], [scores.id]);
  const [here, there] = [valuesOf(given), valuesOf(moved)];
  const logits = here.get(scores.id);
  if (!logits) throw new RangeError('the logits were not copied');
  const elsewhere = new Map(
    [...here].flatMap(([id, node]) => {
      const other = there.get(id);
      return other && other !== node ? [[node.id, other] as const] : [];
    }),
  );
  const oneHot = oneHotRows(b, b.input('labels', [batch], 'int32'), classes);
  const margin = marginOf(b, logits, oneHot);
  const options = { straightThrough: classifier.straightThrough, elsewhere };
  const [gradient = x] = gradientWith(b, b.neg(margin), [x], options);
  return b.graph({ gradient, margin });
}

export function chordProgram(c: Classifier): Promise<Program> {
  return c.searchPrograms.named('chords', () => chordGraph(c));
}
