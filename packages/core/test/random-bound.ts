/**
 * One random graph whose backward linear bounds are held to sampled points: a case of the soak; the tests
 * check the same on fewer graphs. A share of the graphs has weights from 1e-30 to 1e30; another is networks of
 * such weights over sets of any norm. Throws when a bound does not hold.
 */
import * as fc from 'fast-check';
import { opNames } from '../src/graph/ops/table.ts';
import { Draw } from './generators/draw.ts';
import { randomGraph, sampleFor } from './generators/graph.ts';
import { printGraph } from './generators/print.ts';
import { checkRandomScales } from './random-scales.ts';
import { type Below, expectBelow } from './transforms/below.ts';
import { boxesAround, boxesOf } from './transforms/boxes.ts';

export async function checkRandomBound(seed: number): Promise<Below> {
  const draw = new Draw(seed);
  const kind = draw.pick(['plain', 'plain', 'constants', 'elements', 'networks'] as const);
  if (kind === 'networks') return checkRandomScales(draw.integer(0, 2 ** 31));
  const options = { scales: kind };
  const arbitrary = draw.chance(0.5)
    ? randomGraph({ ...options, steps: draw.integer(2, 10) })
    : sampleFor(draw.pick(opNames), options);
  const [sample] = fc.sample(arbitrary, { seed, numRuns: 1 });
  if (!sample) throw new RangeError('no graph was drawn');
  const width = draw.pick(kind === 'plain' ? [1e-3, 0.03, 0.3, 1] : [1e-30, 1e-3, 0.03, 0.3, 1]);
  const boxes = draw.chance(0.3)
    ? boxesAround(draw, sample.feeds)
    : boxesOf(sample.feeds, () => width * draw.real(0, 1));
  try {
    return await expectBelow(sample, boxes, draw);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}\n${printGraph(sample.graph)}`, { cause: error });
  }
}
