/** What no pooling window sees is not computed, hinges come after maxima, and values and gradients stay. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { replayLowered } from '../../src/transforms/lowering.ts';
import { Draw } from '../generators/draw.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { expectGradientMatches } from './differences.ts';

interface Pooled {
  readonly graph: Graph;
  readonly size: number;
}

interface Choice {
  readonly seed: number;
  readonly pool: 'maxPool' | 'averagePool';
  readonly shared: boolean;
}

/** Convolution, bias, hinge and pool of random geometry, the hinge perhaps used once more beside the pool. */
function pooledNet({ seed, pool, shared }: Choice): Pooled {
  const draw = new Draw(seed);
  const pick = (from: number, to: number): number => Math.floor(draw.real(from, to + 1));
  const weights = (...shape: number[]): Node =>
    b.floats(
      Array.from({ length: shape.reduce((a, c) => a * c, 1) }, () => draw.real(-1, 1)),
      shape,
    );
  const b = new Builder();
  const size = pick(7, 12);
  const x = b.input('x', [BATCH, 2, size, size]);
  const [pad, stride] = [pick(0, 1), pick(1, 2)];
  const convolved = b.push('conv', [x, weights(3, 2, 2, 2)], {
    strides: [stride, 1],
    padBefore: [pad, pad],
    padAfter: [pad, 0],
    dilations: [1, 1],
    groups: 1,
  });
  const moved = b.add(convolved, weights(3, 1, 1));
  const bent = seed % 3 === 0 ? b.push('leakyRelu', [moved], { slope: 0.25 }) : b.relu(moved);
  const before = pick(0, 1);
  const geometry = {
    kernel: [2, 3],
    strides: [pick(2, 3), pick(2, 4)],
    padBefore: [0, before],
    padAfter: [pick(0, 1), 0],
    dilations: [1, 1],
  };
  const [, , rows = 0, columns = 0] = bent.shape.map(Number);
  const counted = [[0, rows] as const, [-before, columns] as const];
  const pooled =
    pool === 'maxPool'
      ? b.push('maxPool', [bent], geometry)
      : b.push('averagePool', [bent], { ...geometry, counted });
  const sum = b.sumRows(b.mul(pooled, weights(1, ...pooled.shape.slice(1).map(Number))));
  const out = shared ? b.add(sum, b.sumRows(bent)) : sum;
  return { graph: b.graph({ out: b.reshape(out, [BATCH, 1]) }), size };
}

function written(graph: Graph): Graph {
  const b = new Builder();
  const copies = replayLowered(b, graph, new Map(), ['gradient']);
  const outputs = graph.outputs.flatMap(({ name, id }) => {
    const copy = copies.get(id);
    return copy ? [[name, copy] as const] : [];
  });
  return b.graph(Object.fromEntries(outputs));
}

function feedsFor(
  { size }: Pooled,
  seed: number,
): Record<string, { shape: number[]; data: Float64Array }> {
  const draw = new Draw(seed);
  const data = Float64Array.from({ length: 3 * 2 * size * size }, () => draw.real(-1, 1));
  return { x: { shape: [3, 2, size, size], data } };
}

const choices = fc.record({
  seed: fc.nat({ max: 1e6 }),
  pool: fc.constantFrom('maxPool' as const, 'averagePool' as const),
  shared: fc.boolean(),
});

describe('pools with less to compute', () => {
  test('values and gradients are those of the graph', () => {
    fc.assert(
      fc.property(choices, (choice) => {
        const pooled = pooledNet(choice);
        const feeds = feedsFor(pooled, choice.seed);
        const values = [pooled.graph, written(pooled.graph)].map(
          (graph) => evaluateOutputs(graph, feeds)['out']?.data,
        );
        expect(values[1]).toEqual(values[0]);
        const subject = { graph: pooled.graph, feeds, at: 'x', output: 'out' };
        expect(expectGradientMatches(subject, choice.seed)).toBeGreaterThan(0);
      }),
      { seed: 5, numRuns: 30 },
    );
  });

  test.each(['maxPool', 'averagePool'] as const)('%s over odd rows spares the last', (pool) => {
    const b = new Builder();
    const ones = b.floats(new Float32Array(4).fill(1), [1, 1, 2, 2]);
    const x = b.input('x', [BATCH, 1, 8, 8]);
    const none = { padBefore: [0, 0], padAfter: [0, 0], dilations: [1, 1] };
    const bent = b.relu(b.push('conv', [x, ones], { ...none, strides: [1, 1], groups: 1 }));
    const geometry = { ...none, kernel: [4, 4], strides: [4, 4] };
    const counted = [[0, 7] as const, [0, 7] as const];
    const out =
      pool === 'maxPool'
        ? b.push('maxPool', [bent], geometry)
        : b.push('averagePool', [bent], { ...geometry, counted });
    const spared = written(b.graph({ out }));
    const last = spared.nodes[spared.outputs[0]?.id ?? -1];
    expect(last?.shape).toEqual([BATCH, 1, 1, 1]);
    const convolved = spared.nodes.filter(({ op }) => op === 'conv');
    expect(convolved.map(({ shape }) => shape.slice(2))).toContainEqual([4, 4]);
    if (pool === 'maxPool') expect(last?.op).toBe('relu');
  });
});
