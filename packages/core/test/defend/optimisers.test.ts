/** The optimisers' updates are those of their papers, computed here in float64. */
import { expect, test } from 'vitest';
import { optimisers } from '../../src/defend/optimisers/table.ts';
import { schedules } from '../../src/defend/schedules.ts';
import { Builder } from '../../src/graph/builder.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { load } from '../onnxruntime.ts';

const gradients = [
  [0.5, -2, 0.001],
  [0.1, -1, -0.002],
  [-0.3, 4, 0.003],
];
const [RATE, DECAY] = [0.05, 0.1];

/** Three steps of a program against the gradients; the parameters afterwards. */
async function descended(name: keyof typeof optimisers): Promise<number[]> {
  const optimiser = optimisers[name];
  const b = new Builder();
  const vector = (each: string): ReturnType<Builder['input']> => b.input(each, [3]);
  const state = { parameters: vector('parameters'), slots: optimiser.slots.map(vector) };
  const pace = { rate: b.input('rate', []), shrink: b.input('shrink', []) };
  const after = optimiser.update(b, state, vector('gradient'), pace);
  const slots = optimiser.slots.map((each, i) => [each, after.slots[i] ?? after.parameters]);
  const program = await load(
    writeModel(b.graph({ 'next parameters': after.parameters, ...nextOf(slots) })),
  );
  let fed = {
    parameters: floats([1, -1, 2]),
    ...Object.fromEntries(optimiser.slots.map((each) => [each, floats([0, 0, 0])])),
  };
  for (const [step, gradient] of gradients.entries()) {
    const results = await program.run({
      ...fed,
      gradient: floats(gradient),
      rate: floats([optimiser.rateAt(RATE, step + 1)], []),
      shrink: floats([RATE * DECAY], []),
    });
    fed = Object.fromEntries(
      Object.keys(fed).map((each) => [each, results[`next ${each}`]]),
    ) as typeof fed;
  }
  return Array.from(fed.parameters.data, Number);
}

function nextOf<T>(slots: readonly (readonly (string | T)[])[]): Record<string, T> {
  return Object.fromEntries(slots.map(([name, node]) => [`next ${String(name)}`, node as T]));
}

test('AdamW is algorithm 2 of Loshchilov and Hutter', async () => {
  const expected = [1, -1, 2].map((first, i) => {
    let [value, mean, square] = [first, 0, 0];
    gradients.forEach((gradient, k) => {
      const g = gradient[i] ?? 0;
      mean = 0.9 * mean + 0.1 * g;
      square = 0.999 * square + 0.001 * g * g;
      const [m, v] = [mean / (1 - 0.9 ** (k + 1)), square / (1 - 0.999 ** (k + 1))];
      value -= (RATE * m) / (Math.sqrt(v) + 1e-8) + RATE * DECAY * value;
    });
    return value;
  });
  const found = await descended('adamw');
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? 0, 4));
});

test('momentum sums past gradients, each 0.9 times the one after it', async () => {
  const expected = [1, -1, 2].map((first, i) => {
    let [value, velocity] = [first, 0];
    for (const gradient of gradients) {
      velocity = 0.9 * velocity + (gradient[i] ?? 0);
      value -= RATE * velocity + RATE * DECAY * value;
    }
    return value;
  });
  const found = await descended('sgd');
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? 0, 5));
});

test('every schedule is 1 at its peak, never more, and far below it at the end', () => {
  for (const schedule of Object.values(schedules)) {
    const shares = Array.from({ length: 1001 }, (_, i) => schedule(i / 1000));
    expect(Math.max(...shares)).toBeCloseTo(1, 5);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    expect(shares.at(-1)).toBeLessThanOrEqual(0.0101);
  }
});
