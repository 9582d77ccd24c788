/** Blocks over lanes: all are done once, also when a lane is lost on the way. */
import type { AuditPart, SampleRecord } from '@glacis/core';
import { tensor } from '@glacis/core';
import { expect, test } from 'vitest';
import { type Block, cutIntoBlocks } from '../../src/parallel/block.ts';
import { type Lane, LaneLost } from '../../src/parallel/lane.ts';
import { runBlocks } from '../../src/parallel/schedule.ts';

const blocks = cutIntoBlocks(
  tensor('float32', [100, 1], new Float32Array(100)),
  null,
  Array.from({ length: 100 }, (_, i) => i),
);

function partOf({ indices }: Block): AuditPart {
  const samples = indices.map((index) => ({ index }) as SampleRecord);
  return { samples, whole: true, adversarial: [], methods: [], notes: [], seconds: {} };
}

function options(openLane: () => Promise<Lane>, lanes = 2) {
  const done: number[] = [];
  const lost: string[] = [];
  return {
    done,
    lost,
    options: {
      blocks,
      lanes,
      openLane,
      signal: new AbortController().signal,
      deadline: undefined,
      onPart: (block: Block) => done.push(block.id),
      onProgress: () => undefined,
      onLost: ({ message }: LaneLost) => lost.push(message),
    },
  };
}

test('a lane that is lost is replaced and its block done again', async () => {
  let opened = 0;
  const schedule = options(() => {
    const fails = opened++ === 0;
    return Promise.resolve({
      run: (block: Block) =>
        fails ? Promise.reject(new LaneLost('killed')) : Promise.resolve(partOf(block)),
      close: () => Promise.resolve(),
    });
  });
  await runBlocks(schedule.options);
  expect(schedule.done.toSorted((a, b) => a - b)).toEqual(blocks.map(({ id }) => id));
  expect(schedule.lost).toEqual(['killed']);
});

test('what is left open comes again with more effort, after all others, with what was found', async () => {
  const seen: [number, number][] = [];
  const known: unknown[] = [];
  const schedule = options(() =>
    Promise.resolve({
      run: (block: Block) => {
        seen.push([block.id, block.effort]);
        known.push(block.before);
        const isOpen = block.id === 1 && block.effort < 2;
        return Promise.resolve({ ...partOf(block), whole: !isOpen });
      },
      close: () => Promise.resolve(),
    }),
  );
  await runBlocks(schedule.options);
  const last = blocks.length - 1;
  expect(seen.slice(0, last + 1).every(([, effort]) => effort === 0)).toBe(true);
  expect(seen.slice(last + 1)).toEqual([
    [1, 1],
    [1, 2],
  ]);
  expect(known.at(-1)).toMatchObject({ whole: false });
});

test('a block that takes its process with it twice ends the run with advice', async () => {
  const { options: own } = options(() =>
    Promise.resolve({
      run: () => Promise.reject(new LaneLost('killed')),
      close: () => Promise.resolve(),
    }),
  );
  await expect(runBlocks(own)).rejects.toThrow('try --workers 1');
});

test('any other error ends the run as it is', async () => {
  const { options: own } = options(() =>
    Promise.resolve({
      run: () => Promise.reject(new TypeError('a bug')),
      close: () => Promise.resolve(),
    }),
  );
  await expect(runBlocks(own)).rejects.toThrow(TypeError);
});
