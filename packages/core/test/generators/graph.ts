/**
 * Random graphs, as fast-check arbitraries. A genome (which op is applied to which recent value, and
 * a seed for what the op's recipe draws) shrinks well and is built into a graph over a symbolic
 * batch whose rows do not interact, with feeds that fit.
 */
import * as fc from 'fast-check';
import { BATCH, type Dimension } from '../../src/graph/dimension.ts';
import { type Graph, inputNodes, type OpName } from '../../src/graph/graph.ts';
import { opNames } from '../../src/graph/ops/table.ts';
import { floats, sizeOf, type Tensor } from '../../src/tensor/tensor.ts';
import { Draw } from './draw.ts';
import { printGraph } from './print.ts';
import { recipes } from './recipes.ts';
import { type Scales, Workshop } from './workshop.ts';

export interface Sample {
  /** One output, `out`: [batch, …]. */
  readonly graph: Graph;
  /** Number of samples fed; 1 where the graph has no symbolic batch. */
  readonly rows: number;
  /** Float32 numbers in [−1, 1] for every input. */
  readonly feeds: Readonly<Record<string, Tensor<'float32'>>>;
  /** For further choices that belong to this sample. */
  readonly seed: number;
}

export interface RandomGraphOptions {
  /** Ops to draw from; all when absent. */
  readonly ops?: readonly OpName[];
  /** Most ops in a row; 6 when absent. */
  readonly steps?: number;
  readonly batch?: Dimension;
  /** Of weights; plain when absent. */
  readonly scales?: Scales;
}

interface Step {
  readonly op: OpName;
  /** How many values back the source lies. */
  readonly back: number;
  readonly seed: number;
}

interface Genome {
  readonly seed: number;
  readonly rows: number;
  readonly steps: readonly Step[];
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

function stepOf(ops: readonly OpName[]): fc.Arbitrary<Step> {
  return fc.record({ op: fc.constantFrom(...ops), back: fc.nat({ max: 2 }), seed: seeds });
}

function samples(
  steps: fc.Arbitrary<readonly Step[]>,
  batchOf: (genome: Genome) => Dimension,
  scales: Scales | undefined,
): fc.Arbitrary<Sample> {
  const genomes = fc.record({ seed: seeds, rows: fc.integer({ min: 1, max: 3 }), steps });
  return genomes.map((genome) => grow(genome, batchOf(genome), scales));
}

/** Random small graphs over the given ops. */
export function randomGraph(options: RandomGraphOptions = {}): fc.Arbitrary<Sample> {
  const step = stepOf(options.ops ?? opNames);
  const steps = fc.array(step, { minLength: 1, maxLength: options.steps ?? 6, size: 'max' });
  return samples(steps, () => options.batch ?? BATCH, options.scales);
}

/** Graphs that surely contain the op, between at most one other op before and one behind. */
export function sampleFor(op: OpName, options: RandomGraphOptions = {}): fc.Arbitrary<Sample> {
  const others = fc.array(stepOf(options.ops ?? opNames), { maxLength: 1 });
  const one = stepOf([op]);
  const steps = fc
    .tuple(others, one, others)
    .map(([before, step, after]) => [
      ...before,
      { ...step, back: 0 },
      ...after.map((next) => ({ ...next, back: 0 })),
    ]);
  // A weight gradient sums over the batch: only for a single sample is it a value like the others.
  const single = (genome: Genome): boolean => op === 'convWeights' && genome.seed % 2 === 0;
  const batchOf = (genome: Genome): Dimension => (single(genome) ? 1 : (options.batch ?? BATCH));
  return samples(steps, batchOf, options.scales);
}

const inputShapes: readonly (readonly number[])[] = [[6], [4], [2, 3], [2, 4, 4], [1, 5]];

function grow(genome: Genome, batch: Dimension, scales?: Scales): Sample {
  const draw = new Draw(genome.seed);
  const w = new Workshop(batch, draw, scales);
  w.input(draw.pick(inputShapes));
  for (const { op, back, seed } of genome.steps) {
    w.draw = new Draw(seed);
    const source = w.pool[Math.max(0, w.pool.length - 1 - back)] ?? w.input([4]);
    w.pool.push(w.tamed(recipes[op](w, source)));
  }
  const out = w.pool.at(-1) ?? w.input([4]);
  const graph = w.b.graph({ out: out.node });
  const rows = typeof batch === 'number' ? batch : genome.rows;
  const feeds = Object.fromEntries(
    inputNodes(graph).map(({ attributes: { name }, shape }) => {
      const full = [rows, ...shape.slice(1).map(Number)];
      return [
        name,
        floats(
          draw.list(sizeOf(full), () => draw.real(-1, 1)),
          full,
        ),
      ];
    }),
  );
  const sample = { graph, rows, feeds, seed: genome.seed };
  return Object.defineProperty(sample, fc.toStringMethod, {
    value: () => `${rows} rows, seed ${genome.seed}\n${printGraph(graph)}`,
  });
}
