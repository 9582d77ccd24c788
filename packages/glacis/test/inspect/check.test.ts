/** What the check of a model finds: wrong gradients always, and nothing wrong with right ones. */
import {
  BATCH,
  Builder,
  ModelError,
  type Node,
  RandomBlock,
  readModel,
  type Runtime,
  type Tensor,
  tensor,
  writeModel,
} from '@glacis/core';
import { expect, test } from 'vitest';
import { checkModel, type CheckResult } from '../../src/inspect/check.ts';
import { verdictOn } from '../../src/inspect/gradients.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';

const WIDTH = 12;
const runtime = nodeRuntime();

function weights(b: Builder, rows: number, columns: number, draw: number): Node {
  const random = new RandomBlock(7, 0, draw);
  const data = Float32Array.from({ length: rows * columns }, (_, i) => random.normal(i));
  return b.floats(data, [rows, columns]);
}

/** Two layers of ReLUs. */
function perceptron(b: Builder, x: Node): Node {
  const hidden = b.relu(b.matMul(x, weights(b, WIDTH, 32, 1)));
  return b.matMul(b.relu(b.matMul(hidden, weights(b, 32, 32, 2))), weights(b, 32, 3, 3));
}

type Body = (b: Builder, x: Node) => Node;

function fileOf(body: Body): Uint8Array<ArrayBuffer> {
  const b = new Builder();
  const x = b.input('x', [BATCH, WIDTH]);
  return writeModel(b.graph({ y: body(b, x) }));
}

function checked(body: Body, on: Runtime = runtime): Promise<CheckResult> {
  return checkModel(readModel(fileOf(body)), on, { seed: 0 });
}

/** Steps of size 1 in every coordinate, apart by a random offset. */
const jumps = (b: Builder, x: Node, size: number): Node =>
  b.mul(b.sum(b.greater(x, weights(b, 1, WIDTH, 4)), [1], true), size);

/** A runtime whose gradients are changed on their way out. */
function sabotaged(change: (gradient: Float32Array) => Float32Array): Runtime {
  const spoiled = (name: string, value: Tensor): Tensor =>
    name.startsWith('gradient of ')
      ? tensor('float32', value.shape, change(Float32Array.from(value.data as Float32Array)))
      : value;
  return {
    name: 'sabotaged',
    session: async (bytes) => {
      const session = await runtime.session(bytes);
      return {
        ...session,
        run: async (feeds) =>
          Object.fromEntries(
            Object.entries(await session.run(feeds)).map(([name, value]) => [
              name,
              spoiled(name, value),
            ]),
          ),
      };
    },
  };
}

const onePercentLess = sabotaged((gradient) => gradient.map((value) => 0.99 * value));

test('the gradients of a perceptron are compared in all directions', async () => {
  const check = await checked(perceptron);
  expect(check).toMatchObject({ passed: true, gradientChecked: true, kinks: 0 });
  expect(check.directions).toBe(64);
});

test.each([
  ['one percent too small', onePercentLess],
  ['zero', sabotaged((gradient) => gradient.fill(0))],
  ['not a number', sabotaged((gradient) => gradient.fill(Number.NaN))],
  [
    'missing one input in twelve',
    sabotaged((gradient) => gradient.map((value, i) => (i % WIDTH === 5 ? 0 : value))),
  ],
] as const)('a gradient that is %s is found to be wrong', async (_, runtimeWithIt) => {
  const check = await checked(perceptron, runtimeWithIt);
  expect(check.outputMaxError).toBe(0);
  expect(check.passed).toBe(false);
  expect(check.gradientMaxError).toBeGreaterThan(1e-3);
});

const jumpy: Body = (b, x) => b.add(perceptron(b, x), jumps(b, x, 30));

test('jumps of the function are no errors of its gradient', async () => {
  const check = await checked(jumpy);
  expect(check).toMatchObject({ passed: true, gradientChecked: true });
  expect(check.steps).not.toEqual([]);
});

test('jumps do not excuse a wrong gradient', async () => {
  expect(await checked(jumpy, onePercentLess)).toMatchObject({ passed: false });
});

test('a function that jumps everywhere has nothing to compare, and that is said', async () => {
  const stairs: Body = (b, x) => {
    const score = b.sum(x, [1], true);
    return b.add(score, b.push('floor', [b.mul(score, 4096)], {}));
  };
  expect(await checked(stairs)).toMatchObject({
    passed: null,
    gradientChecked: false,
    gradientUnchecked: 'jumps',
  });
});

test('behind nothing but steps there is no gradient to compare', async () => {
  const check = await checked((b, x) => jumps(b, x, 1));
  expect(check).toMatchObject({ passed: true, gradientUnchecked: 'only steps', directions: 0 });
});

test('what float32 rounds away is no error of the gradient', async () => {
  // Adding and taking away 1000 leaves three decimals.
  const noisy: Body = (b, x) => b.sub(b.add(perceptron(b, x), 3000), 3000);
  expect(await checked(noisy)).toMatchObject({ passed: true, gradientChecked: true });
});

test('a slope that float32 hides altogether neither passes nor fails', async () => {
  const drowned: Body = (b, x) => b.add(b.mul(perceptron(b, x), 1e-6), 3000);
  expect(await checked(drowned)).toMatchObject({
    passed: null,
    gradientChecked: false,
    gradientUnchecked: 'noise',
  });
});

test('a function that is constant wherever one looks has gradient zero there', async () => {
  const dead: Body = (b, x) => b.relu(b.sub(b.sum(x, [1], true), 1e6));
  expect(await checked(dead)).toMatchObject({ passed: true, gradientUnchecked: 'flat' });
});

/** Features of many sizes, standardised by the model itself, as a pipeline of scikit-learn does. */
function standardised(b: Builder, x: Node): Node {
  const each = (of: (i: number) => number): Node =>
    b.floats(
      Float32Array.from({ length: WIDTH }, (_, i) => of(i)),
      [WIDTH],
    );
  const centred = b.sub(
    x,
    each((i) => 100 * i),
  );
  return b.div(
    centred,
    each((i) => 10 ** ((i % 3) + 1)),
  );
}

const probabilities = (b: Builder, features: Node): Node =>
  b.push('softmax', [b.mul(perceptron(b, features), 1e-2)], { axis: 1 });

/** Of random inputs as they are, its greatest class would have all the probability. */
const pipeline: Body = (b, x) => probabilities(b, standardised(b, x));

test('a model that standardises its inputs is looked at where its data are', async () => {
  const check = await checked(pipeline);
  expect(check).toMatchObject({ passed: true, gradientChecked: true });
  expect(check.leftOut.noise + check.leftOut.flat).toBeLessThan(32);
});

test('columns of a table that are standardised apart keep their own places', async () => {
  const apart: Body = (b, x) => {
    const columns = (from: number, step: number): Node =>
      b.gather(
        x,
        1,
        Array.from({ length: WIDTH / 2 }, (_, i) => from + step * i),
      );
    const even = b.mul(b.sub(columns(0, 2), 5000), 1e-2);
    const odd = b.div(b.add(columns(WIDTH - 1, -2), 0.03), 1e-3);
    return probabilities(b, b.concat([even, odd], 1));
  };
  const check = await checked(apart);
  expect(check).toMatchObject({ passed: true, gradientChecked: true });
  expect(check.leftOut.noise + check.leftOut.flat).toBeLessThan(32);
});

test('a gradient one percent too small is found behind raw features, too', async () => {
  expect(await checked(pipeline, onePercentLess)).toMatchObject({ passed: false });
});

const steep: Body = (b, x) => {
  const scores = b.matMul(x, weights(b, WIDTH, 3, 5));
  return b.push('softmax', [b.add(scores, b.floats([0, 60, -30], [3]))], { axis: 1 });
};

test('what a saturated softmax leaves of the lesser classes is compared', async () => {
  expect(await checked(steep)).toMatchObject({ passed: true, gradientChecked: true });
});

test('a saturated softmax does not excuse a wrong gradient', async () => {
  expect(await checked(steep, onePercentLess)).toMatchObject({ passed: false });
});

test('what float32 rounds to stairs is not taken for a wrong gradient', async () => {
  // Differences of numbers so great that float32 has them in steps of 8.
  const coarse: Body = (b, x) => {
    const scores = b.sub(b.mul(perceptron(b, x), 10), 1e8);
    const greatest = b.maximum(scores, [1], true);
    return b.exp(b.sub(scores, greatest));
  };
  expect(await checked(coarse)).not.toMatchObject({ passed: false });
});

test('a function that rests over a long way does not excuse a derivative that is not zero there', async () => {
  // Only the first half of the inputs counts, beyond a threshold; the gradient is made 1 everywhere.
  const resting: Body = (b, x) => b.relu(b.sub(b.sum(b.gather(x, 1, [0, 1, 2]), [1], true), 0.1));
  const everywhere = sabotaged((gradient) => gradient.map((_, i) => (i % WIDTH < 3 ? 1 : 0)));
  expect(await checked(resting, everywhere)).toMatchObject({ passed: false });
});

test('one or two directions of many fail nothing, and three do', () => {
  expect(verdictOn(0, 64)).toBe(true);
  expect(verdictOn(1, 64)).toBe(null);
  expect(verdictOn(2, 192)).toBe(null);
  expect(verdictOn(2, 200)).toBe(true);
  expect(verdictOn(3, 192)).toBe(false);
  expect(verdictOn(4, 4)).toBe(false);
});

test('every output and every real-valued input has directions of its own', async () => {
  const b = new Builder();
  const [x, y] = [b.input('x', [BATCH, WIDTH]), b.input('y', [BATCH, WIDTH])];
  const bytes = writeModel(b.graph({ first: perceptron(b, x), second: b.mul(y, 1e-5) }));
  const model = readModel(bytes);
  expect(await checkModel(model, runtime, { seed: 0 })).toMatchObject({ passed: true });
  // Beside the first output's gradient the second's would be lost.
  const wrong = sabotaged((gradient) =>
    gradient.map((value) => (Math.abs(value) <= 1e-4 ? 0.9 * value : value)),
  );
  expect(await checkModel(model, wrong, { seed: 0 })).toMatchObject({ passed: false });
});

test('a run that ONNX Runtime refuses is an error of the model', async () => {
  const refusing: Runtime = {
    name: 'refusing',
    session: async (bytes) => ({
      ...(await runtime.session(bytes)),
      run: () =>
        Promise.reject(new Error('indices element out of data bounds, idx=7\nat gather.cc')),
    }),
  };
  const check = checked(perceptron, refusing);
  await expect(check).rejects.toThrow(ModelError);
  await expect(check).rejects.toThrow(
    'ONNX Runtime cannot run it on random inputs (indices element out of data bounds, idx=7)',
  );
});

test('the result is the same every time', async () => {
  expect(await checked(jumpy)).toEqual(await checked(jumpy));
});
