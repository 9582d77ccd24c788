/** Networks without opposed pairs: the same function over the reals, with fewer hinges. */
import * as fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { OutOfTime } from '../../src/runtime/deadline.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { sum, variable } from '../../src/transforms/expressions.ts';
import { withoutPairs } from '../../src/transforms/opposed-pairs.ts';
import { verify } from '../../src/verify/verify.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { Draw } from '../generators/draw.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import { drawLayers, modelOf, paired } from '../verify/dense.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 });

const hingesOf = ({ nodes }: Graph): number =>
  nodes.reduce((total, { op, shape }) => total + (op === 'relu' ? Number(shape[1]) : 0), 0);

function valuesAt(graph: Graph, rows: Float32Array, inputs: number): readonly number[] {
  const { y } = evaluateOutputs(graph, { x: floats(rows, [rows.length / inputs, inputs]) });
  return [...(y?.data ?? [])];
}

test('it is the same function over the reals', () => {
  let [rewritten, before, after] = [0, 0, 0];
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const draw = new Draw(seed);
      const inputs = draw.integer(1, 4);
      const hidden = draw.list(draw.integer(1, 3), () => draw.integer(2, 8));
      const layers = paired(draw, drawLayers(draw, [inputs, ...hidden, draw.integer(1, 3)]));
      const { graph } = readModel(modelOf(layers));
      const own = withoutPairs(graph);
      if (!own) return;
      rewritten++;
      before += hingesOf(graph);
      after += hingesOf(own);
      const rows = Float32Array.from({ length: 20 * inputs }, () => draw.real(-2, 2));
      const [expected, values] = [valuesAt(graph, rows, inputs), valuesAt(own, rows, inputs)];
      expect(values.length).toBe(expected.length);
      values.forEach((value, i) => {
        expect(Math.abs(value - (expected[i] ?? NaN))).toBeLessThan(1e-12);
      });
    }),
    { numRuns: 100 },
  );
  expect(rewritten).toBeGreaterThan(50);
  expect(after).toBeLessThan(0.8 * before);
});

/** The maximum of linear functions of two inputs, by pairs of sums and differences: two at a time. */
function lattice(b: Builder, x: Node, draw: Draw, count: number): Node {
  const linear = Float32Array.from(draw.list(2 * count, () => draw.real(-1, 1)));
  const beside = Float32Array.from(draw.list(count, () => draw.real(-1, 1)));
  let values = b.add(b.matMul(x, b.floats(linear, [2, count])), b.floats(beside, [count]));
  for (let width = count; width > 1; width /= 2) {
    const [into, out] = [new Float32Array(width * 2 * width), new Float32Array(width * width)];
    for (let k = 0; k < width / 2; k++) {
      [1, -1, 1, -1].forEach((sign, j) => {
        into[2 * k * 2 * width + 4 * k + j] = sign;
        into[(2 * k + 1) * 2 * width + 4 * k + j] = j < 2 ? sign : -sign;
        out[(4 * k + j) * (width / 2) + k] = j === 1 ? -0.5 : 0.5;
      });
    }
    const bent = b.relu(b.matMul(values, b.floats(into, [width, 2 * width])));
    values = b.matMul(bent, b.floats(out, [2 * width, width / 2]));
  }
  return values;
}

test('of a lattice that takes maxima by four neurons one is left of each four', async () => {
  const b = new Builder();
  const draw = new Draw(7);
  const y = lattice(b, b.input('x', [BATCH, 2]), draw, 16);
  const bytes = writeModel(b.graph({ y }));
  const { graph } = readModel(bytes);
  const own = withoutPairs(graph);
  if (!own) throw new RangeError('it was not written anew');
  expect(hingesOf(own)).toBe(hingesOf(graph) / 4);

  const rows = Float32Array.from({ length: 2000 }, () => draw.real(-2, 2));
  const greatest = Math.max(...valuesAt(own, rows, 2));
  const query = parseVnnlib(`
    (declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real)
    (assert (>= X_0 -2)) (assert (<= X_0 2)) (assert (>= X_1 -2)) (assert (<= X_1 2))
    (assert (>= Y_0 ${greatest + 0.5}))`);
  const network = await openNetwork(readModel(bytes), runtime);
  const networks = new Map([[query.networks[0]?.name ?? '', network]]);
  let left = 50;
  const tick = (): void => {
    if (--left < 0) throw new OutOfTime();
  };
  const late = await verify({ query, networks, tick });
  expect([late.outcome, late.branches]).toEqual(['timeout', 0]);
  const [real, rounded] = [
    await verify({ query, networks }),
    await verify({ query, networks, semantics: 'float32' }),
  ];
  await network.release();
  expect([real.outcome, rounded.outcome]).toEqual(['unsat', 'unsat']);
  expect(real.branches).toBeLessThan(rounded.branches);
});

test.each([
  ['no neuron is opposed', false, 1, (b: Builder, x: Node) => b.relu(x)],
  ['a weight is no number', true, Number.NaN, (b: Builder, x: Node) => b.relu(x)],
  ['something else is inside', true, 1, (b: Builder, x: Node) => b.relu(b.sqrt(b.relu(x)))],
])('it stays as it is where %s', (_, isPaired, weight, bend) => {
  const b = new Builder();
  const weights = [weight, isPaired ? -weight : 0.5, 0.25, isPaired ? -0.25 : 0.75];
  const z = b.matMul(b.input('x', [BATCH, 2]), b.floats(weights, [2, 2]));
  expect(withoutPairs(b.graph({ y: bend(b, z) }))).toBe(null);
});

test('sums are taken where they are exact', () => {
  const [x, y] = [variable(0), variable(1)];
  const shares = (factor: number) => [
    { factor: 1, of: x },
    { factor, of: x },
    { factor: 0.5, of: y },
  ];
  expect(sum(shares(-1))).toEqual({ variables: [1], coefficients: [0.5], constant: 0 });
  expect(sum(shares(2 ** -30))).toBe(null);
  expect(sum([{ factor: 1, of: { ...x, constant: 1 } }], 2 ** -30)).toBe(null);
});
