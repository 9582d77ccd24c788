/**
 * One random graph held to everything at once: ONNX Runtime against the oracle, the gradient against
 * differences, the intervals of the graph and of its gradient against sampled points. A case of the
 * soak; the tests check the same on fewer graphs. Throws when something does not hold.
 */
import * as fc from 'fast-check';
import { BATCH } from '../src/graph/dimension.ts';
import { inputNodes } from '../src/graph/graph.ts';
import { opNames } from '../src/graph/ops/table.ts';
import { writeModel } from '../src/onnx/write.ts';
import { expectAllclose } from './allclose.ts';
import { Draw } from './generators/draw.ts';
import { randomGraph, type Sample, sampleFor } from './generators/graph.ts';
import { printGraph } from './generators/print.ts';
import { runOnnx } from './onnxruntime.ts';
import { isWellConditioned } from './oracle/conditioning.ts';
import { evaluateOutputs } from './oracle/evaluate.ts';
import { boxesAround } from './transforms/boxes.ts';
import { expectGradientMatches, gradientGraph } from './transforms/differences.ts';
import { expectSound } from './transforms/soundness.ts';

export interface CaseNote {
  readonly nodes: number;
  /** Whether float32 could be compared at all. */
  readonly compared: boolean;
  /** Rows over whose boxes the interval made a claim, of how many. */
  readonly claimed: number;
  readonly rows: number;
}

function sampleOf(seed: number): Sample {
  const draw = new Draw(seed);
  const arbitrary = draw.chance(0.5)
    ? randomGraph({ steps: draw.integer(2, 12) })
    : sampleFor(draw.pick(opNames));
  const [sample] = fc.sample(arbitrary, { seed, numRuns: 1 });
  if (!sample) throw new RangeError('no graph was drawn');
  return sample;
}

export async function checkRandomGraph(seed: number): Promise<CaseNote> {
  const sample = sampleOf(seed);
  try {
    return await check(sample);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}\n${printGraph(sample.graph)}`, { cause: error });
  }
}

async function check({ graph, feeds, rows, seed }: Sample): Promise<CaseNote> {
  const compared = isWellConditioned(graph, feeds);
  if (compared) {
    const actual = await runOnnx(writeModel(graph), feeds, { optimise: seed % 2 === 0 });
    expectAllclose(actual['out'], evaluateOutputs(graph, feeds)['out']);
  }
  const at = inputNodes(graph)[0]?.attributes.name ?? '';
  expectGradientMatches({ graph, feeds, at, output: 'out' }, seed);
  const draw = new Draw(seed);
  const batched = inputNodes(graph)[0]?.shape[0] === BATCH;
  let claimed = 0;
  for (let round = 0; round < 3; round++) {
    const boxes = boxesAround(draw, feeds);
    const { finite } = await expectSound(graph, boxes, draw, { batched, rows });
    claimed += finite.filter(Boolean).length;
  }
  const derived = gradientGraph({ graph, at, output: 'out' });
  const options = { output: 'gradient' };
  await expectSound(derived, boxesAround(draw, feeds), draw, { batched, rows, options });
  return { nodes: graph.nodes.length, compared, claimed, rows: 3 * rows };
}
