/** Time that is up ends what needs no runtime as well: reading a query, multiplying it out, listing its disjuncts. */
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { OutOfTime, tickUntil } from '../../src/runtime/deadline.ts';
import { openNetwork } from '../../src/runtime/network.ts';
import { verify } from '../../src/verify/verify.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { Draw } from '../generators/draw.ts';
import { bounded, declare } from '../vnnlib/pieces.ts';
import { drawLayers, modelOf, runtime } from './dense.ts';

const clause = '(assert (or (<= Y_0 1) (>= Y_0 2)))';
/** 2^12 disjuncts. */
const text = `${declare(1, 1)}${bounded(1)}${clause.repeat(12)}`;

/** A clock by steps. */
function after(steps: number): () => void {
  let left = steps;
  return () => {
    if (left-- === 0) throw new OutOfTime('the time is up');
  };
}

test('reading stops at any word', () => {
  for (const steps of [0, 1, 50, 100]) {
    expect(() => parseVnnlib(text, after(steps))).toThrow(OutOfTime);
  }
  expect(parseVnnlib(text, after(1e6)).inputCount).toBe(1);
});

test('so does what is made of a query, disjunct by disjunct', () => {
  const query = parseVnnlib(text);
  expect(() => problemOf(query, { tick: after(10) })).toThrow(OutOfTime);
  const { disjuncts } = problemOf(query, { tick: after(1000) });
  expect(() => [...disjuncts()]).toThrow(OutOfTime);
});

test('and the verdict is then a timeout', async () => {
  const query = parseVnnlib(text);
  const network = await openNetwork(
    readModel(modelOf(drawLayers(new Draw(1), [1, 2, 1]))),
    runtime,
  );
  const networks = new Map([[query.networks[0]?.name ?? '', network]]);
  for (const steps of [10, 1000, 10_000]) {
    expect((await verify({ query, networks, tick: after(steps) })).outcome).toBe('timeout');
  }
  await network.release();
});

test('a clock is looked at once in a while', () => {
  let looks = 0;
  const tick = tickUntil(() => ++looks > 2);
  expect(() => {
    for (let i = 0; i < 10_000; i++) tick();
  }).toThrow(OutOfTime);
  expect(looks).toBe(3);
});
