/** A query shared with real processes: the verdict is the one it has alone, also when they are killed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoxList, Helpers } from '@glacis/core';
import { verify } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { Draw } from '../../../core/test/generators/draw.ts';
import { drawLayers, modelOf, queryText } from '../../../core/test/verify/dense.ts';
import { readQuery } from '../../src/data/query.ts';
import type * as Parallel from '../../src/parallel/helper-processes.ts';
import { openNetworks } from '../../src/run/query-networks.ts';
import { openRuntime } from '../../src/runtime/node.ts';

// Processes run compiled files, which are beside the compiled class.
const { HelperProcesses } = (await import(
  new URL('../../dist/parallel/helper-processes.js', import.meta.url).href
)) as typeof Parallel;

const folder = mkdtempSync(join(tmpdir(), 'glacis-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [model, queryPath] = [join(folder, 'net.onnx'), join(folder, 'query.vnnlib')];
writeFileSync(model, modelOf(drawLayers(new Draw(6), [4, 16, 16, 1])));
const [low, high] = [-1, 1].map((end) => Array.from({ length: 4 }, () => end));
// A thousand boxes, and no witness.
const row = { coefficients: [0, 0, 0, 0, 1], bound: -1.2215 };
writeFileSync(queryPath, queryText(4, 1, low ?? [], high ?? [], [[row]]));

/** The verdict with helpers that wait from the start; `onBoxes` sees what goes to them. */
async function decided(
  count: number,
  onBoxes: (pids: () => readonly number[], call: number) => void = () => undefined,
) {
  const { query, sha256: querySha256 } = await readQuery(queryPath);
  const { runtime } = await openRuntime();
  const files = [[null, model]] as const;
  const networks = await openNetworks(queryPath, query, files, runtime);
  const lost: string[] = [];
  const processes = new HelperProcesses({
    setup: { queryPath, querySha256, files, device: 'cpu' },
    count,
    until: Infinity,
    onLost: ({ message }) => lost.push(message),
  });
  processes.start();
  while (processes.idle < count) await new Promise((resolve) => setTimeout(resolve, 20));
  let [calls, boxes] = [0, 0];
  const watched = <T>(work: Promise<T>): Promise<T> => {
    onBoxes(() => processes.pids, calls++);
    return work;
  };
  const helpers: Helpers = {
    startTime: 0,
    start: () => undefined,
    get idle() {
      return processes.idle;
    },
    close: (list: BoxList) => {
      boxes += list.keys.length;
      return watched(processes.close(list));
    },
    cut: (domains) => watched(processes.cut(domains)),
    least: (refinement) => watched(processes.least(refinement)),
  };
  try {
    const decision = await verify({ query, networks, helpers });
    return { ...decision, calls, boxes, lost };
  } finally {
    await processes.release();
    for (const network of networks.values()) await network.release();
  }
}

test('with one process more the verdict is the same', async () => {
  const { outcome, boxes, lost } = await decided(1);
  expect([outcome, lost]).toEqual(['unsat', []]);
  expect(boxes).toBeGreaterThan(0);
});

const kill = (pids: readonly number[]): void => pids.forEach((pid) => process.kill(pid, 'SIGKILL'));

test('a process that is killed is started again, and its boxes are done', async () => {
  const { outcome, lost } = await decided(1, (pids, call) => {
    if (call === 0) kill(pids());
  });
  expect(outcome).toBe('unsat');
  expect(lost).toEqual(['a worker process ended by itself (SIGKILL)']);
});

test('boxes that are lost twice are done by whoever is left', async () => {
  let killing: NodeJS.Timeout | undefined;
  const { outcome, lost } = await decided(1, (pids) => {
    killing ??= setInterval(() => kill(pids()), 5);
  });
  clearInterval(killing);
  expect(outcome).toBe('unsat');
  expect(lost.length).toBe(2);
});
