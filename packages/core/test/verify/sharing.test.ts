/** A search that is shared says what it says alone, whatever becomes of those that help. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { openNetwork, type OpenNetwork } from '../../src/runtime/network.ts';
import { OutOfTime } from '../../src/runtime/deadline.ts';
import type { BoxList } from '../../src/verify/box-store.ts';
import { BoxCloser } from '../../src/verify/box-closer.ts';
import type { Closed, Helpers } from '../../src/verify/sharing.ts';
import { type Decision, verify } from '../../src/verify/verify.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import type { Query } from '../../src/vnnlib/query.ts';
import { Draw } from '../generators/draw.ts';
import { drawLayers, modelOf, queryText, runtime } from './dense.ts';

const INPUTS = 4;
const [low, high] = [
  Array.from({ length: INPUTS }, () => -1),
  Array.from({ length: INPUTS }, () => 1),
];
const layers = drawLayers(new Draw(6), [INPUTS, 16, 16, 1]);
const row = { coefficients: [0, 0, 0, 0, 1], bound: -1.2215 };
/** A thousand boxes: of 20,000 points none has an output below −1.1915. */
const unsat = parseVnnlib(queryText(INPUTS, 1, low, high, [[row]]));

let network: OpenNetwork;
beforeAll(async () => {
  network = await openNetwork(readModel(modelOf(layers)), runtime);
});
afterAll(() => network.release());

type Answer = (own: BoxCloser, boxes: BoxList, call: number) => Promise<Closed>;

async function decideWith(query: Query, count: number, answer: Answer) {
  const networks = new Map([[query.networks[0]?.name ?? '', network]]);
  let [idle, calls] = [0, 0];
  const made = Array.from({ length: count }, () => new BoxCloser({ query, networks }));
  const free = [...made];
  const helpers: Helpers = {
    startTime: 0,
    start: () => (idle = count),
    get idle() {
      return idle;
    },
    close: async (boxes) => {
      const own = free.pop();
      if (!own) throw new RangeError('nobody is idle');
      idle--;
      const closed = await answer(own, boxes, calls++);
      free.push(own);
      idle++;
      return closed;
    },
  };
  let decision: Decision;
  try {
    decision = await verify({ query, networks, helpers });
  } finally {
    await Promise.all(made.map((each) => each.release()));
  }
  return { ...decision, calls };
}

const undone = (boxes: BoxList): Closed => ({ witness: null, stuck: 0, branches: 0, open: boxes });

describe('with one helper and with three', () => {
  test.each([1, 3])('%i: what is unsat alone is unsat', async (count) => {
    const { outcome, branches, calls } = await decideWith(unsat, count, (own, boxes) =>
      own.close(boxes),
    );
    expect(outcome).toBe('unsat');
    expect(branches).toBeGreaterThan(100);
    expect(calls).toBeGreaterThan(0);
  });

  test('a witness that is none is not believed, and its boxes are closed', async () => {
    const { outcome } = await decideWith(unsat, 1, (own, boxes, call) =>
      call > 0
        ? own.close(boxes)
        : Promise.resolve({ ...undone(boxes), witness: new Float32Array(INPUTS) }),
    );
    expect(outcome).toBe('unsat');
  });

  test('boxes that come back undone are done', async () => {
    const { outcome, calls } = await decideWith(unsat, 2, (own, boxes, call) =>
      call < 2 ? Promise.resolve(undone(boxes)) : own.close(boxes),
    );
    expect([outcome, calls > 2]).toEqual(['unsat', true]);
  });

  test('what a helper could not cut is unknown', async () => {
    const none: BoxList = {
      lower: new Float32Array(),
      upper: new Float32Array(),
      disjuncts: new Int32Array(),
      keys: new Float64Array(),
    };
    const { outcome } = await decideWith(unsat, 1, (_, boxes) =>
      Promise.resolve({ ...undone(boxes), open: none, stuck: 1 }),
    );
    expect(outcome).toBe('unknown');
  });

  test('time that is up while boxes are away is a timeout, with the bound of what is open', async () => {
    const { outcome, lower } = await decideWith(unsat, 1, () =>
      Promise.reject(new OutOfTime('the time is up')),
    );
    expect(outcome).toBe('timeout');
    expect(lower).toBeLessThan(0);
  });
});
