/** A search that is shared says what it says alone, whatever becomes of those that help. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { openNetwork, type OpenNetwork } from '../../src/runtime/network.ts';
import { OutOfTime } from '../../src/runtime/deadline.ts';
import type { BoxList } from '../../src/verify/box-store.ts';
import type { Domain } from '../../src/verify/domain.ts';
import { QueryHelper } from '../../src/verify/query-helper.ts';
import {
  type Closed,
  type DomainsOf,
  type Helpers,
  LateHelpers,
  Sharing,
} from '../../src/verify/sharing.ts';
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

const boxed = () => ({ query: unsat, network });

type Answer = (own: QueryHelper, boxes: BoxList, call: number) => Promise<Closed<BoxList>>;

/** What helpers do with what they are handed; by default their work. */
interface Answers {
  readonly close?: Answer;
  readonly cut?: (
    own: QueryHelper,
    domains: DomainsOf,
    call: number,
  ) => Promise<Closed<readonly Domain[]>>;
}

async function decideWith(
  { query, network: asked }: { readonly query: Query; readonly network: OpenNetwork },
  count: number,
  answers: Answers = {},
) {
  const networks = new Map([[query.networks[0]?.name ?? '', asked]]);
  let [idle, calls] = [0, 0];
  const made = Array.from({ length: count }, () => new QueryHelper({ query, networks }));
  const free = [...made];
  const { close = (own, boxes) => own.close(boxes), cut = (own, domains) => own.cut(domains) } =
    answers;
  const busy = async <T>(work: (own: QueryHelper) => Promise<T>): Promise<T> => {
    const own = free.pop();
    if (!own) throw new RangeError('nobody is idle');
    idle--;
    const done = await work(own);
    free.push(own);
    idle++;
    return done;
  };
  const helpers: Helpers = {
    startTime: 0,
    start: () => (idle = count),
    get idle() {
      return idle;
    },
    close: (boxes) => busy((own) => close(own, structuredClone(boxes), calls++)),
    cut: (domains) => busy((own) => cut(own, structuredClone(domains), calls++)),
    least: (refinement) => busy((own) => own.least(structuredClone(refinement))),
  };
  let decision: Decision;
  try {
    decision = await verify({ query, networks, helpers });
  } finally {
    await Promise.all(made.map((each) => each.release()));
  }
  return { ...decision, calls };
}

const undone = <L>(open: L): Closed<L> => ({ witness: null, stuck: [], branches: 0, open });

test('a search that has ended hands out nothing more, whatever comes back', async () => {
  const handed: number[][] = [];
  let answer: (closed: Closed<readonly number[]>) => void = () => undefined;
  const none = () => Promise.reject(new Error('not asked'));
  const helpers = new LateHelpers({
    startTime: 0,
    start: () => undefined,
    idle: 1,
    close: none,
    cut: none,
    least: none,
  });
  const open = [1, 2, 3, 4];
  const sharing = new Sharing<readonly number[]>({
    helpers,
    queue: {
      get size() {
        return open.length;
      },
      take: (most) => open.splice(0, most),
      put: (list) => open.push(...list),
    },
    most: 3,
    close: (list) => {
      handed.push([...list]);
      return new Promise((resolve) => (answer = resolve));
    },
    keys: (list) => list,
  });
  await sharing.exchange();
  expect([handed.length, sharing.isBusy]).toEqual([2, true]);
  sharing.end();
  answer(undone([7, 8, 9]));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(handed).toHaveLength(2);
  expect(open).not.toContain(7);
});

describe('boxes, with one helper and with three', () => {
  test.each([1, 3])('%i: what is unsat alone is unsat', async (count) => {
    const { outcome, branches, calls } = await decideWith(boxed(), count);
    expect(outcome).toBe('unsat');
    expect(branches).toBeGreaterThan(100);
    expect(calls).toBeGreaterThan(0);
  });

  test('a witness that is none is not believed, and its boxes are closed', async () => {
    const { outcome } = await decideWith(boxed(), 1, {
      close: (own, boxes, call) =>
        call > 0
          ? own.close(boxes)
          : Promise.resolve({ ...undone(boxes), witness: new Float32Array(INPUTS) }),
    });
    expect(outcome).toBe('unsat');
  });

  test('boxes that come back undone are done', async () => {
    const { outcome, calls } = await decideWith(boxed(), 2, {
      close: (own, boxes, call) => (call < 2 ? Promise.resolve(undone(boxes)) : own.close(boxes)),
    });
    expect([outcome, calls > 2]).toEqual(['unsat', true]);
  });

  test('what a helper could not cut is unknown', async () => {
    const none: BoxList = {
      lower: new Float32Array(),
      upper: new Float32Array(),
      disjuncts: new Int32Array(),
      keys: new Float64Array(),
    };
    const { outcome } = await decideWith(boxed(), 1, {
      close: (_, boxes) => Promise.resolve({ ...undone(boxes), open: none, stuck: [0] }),
    });
    expect(outcome).toBe('unknown');
  });

  test('time that is up while boxes are away is a timeout, with the bound of what is open', async () => {
    const { outcome, lower } = await decideWith(boxed(), 1, {
      close: () => Promise.reject(new OutOfTime('the time is up')),
    });
    expect(outcome).toBe('timeout');
    expect(lower).toBeLessThan(0);
  });
});

/** Too many inputs to cut: domains inside are told apart, and there is no witness. */
const WIDE = 25;
const wideEnds = [-0.2, 0.2].map((end) => Array.from({ length: WIDE }, () => end));
const wideRow = { coefficients: [...Array.from({ length: WIDE }, () => 0), 1], bound: -1.9 };
const wideQuery = parseVnnlib(
  queryText(WIDE, 1, wideEnds[0] ?? [], wideEnds[1] ?? [], [[wideRow]]),
);
let wide: OpenNetwork;
beforeAll(async () => {
  const own = drawLayers(new Draw(5), [WIDE, 12, 10, 1]);
  wide = await openNetwork(readModel(modelOf(own)), runtime);
});
afterAll(() => wide.release());
const inside = () => ({ query: wideQuery, network: wide });

describe('domains and values inside', () => {
  test.each([1, 3])('%i helpers: what is unsat alone is unsat', async (count) => {
    const found = await decideWith(inside(), count);
    expect(found).toMatchObject({ outcome: 'unsat', method: 'activation-splitting' });
    expect(found.calls).toBeGreaterThan(0);
    expect(found.branches).toBeGreaterThan(20);
  });

  test('a witness that is none is not believed, and its domains are closed', async () => {
    const { outcome, calls } = await decideWith(inside(), 1, {
      cut: (own, domains, call) =>
        call > 0
          ? own.cut(domains)
          : Promise.resolve({ ...undone(domains.open), witness: new Float32Array(WIDE) }),
    });
    expect([outcome, calls > 0]).toEqual(['unsat', true]);
  });

  test('domains that come back undone are done', async () => {
    const { outcome, calls } = await decideWith(inside(), 2, {
      cut: (own, domains, call) =>
        call < 2 ? Promise.resolve(undone(domains.open)) : own.cut(domains),
    });
    expect([outcome, calls > 2]).toEqual(['unsat', true]);
  });

  test('what a helper could not cut is not closed', async () => {
    const { outcome } = await decideWith(inside(), 1, {
      cut: () => Promise.resolve({ ...undone([]), stuck: [0] }),
    });
    expect(outcome).toBe('unknown');
  });

  test('time that is up while domains are away is a timeout', async () => {
    const { outcome } = await decideWith(inside(), 1, {
      cut: () => Promise.reject(new OutOfTime('the time is up')),
    });
    expect(outcome).toBe('timeout');
  });
});
