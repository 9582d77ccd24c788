// Projections, maximisers and supports of ball ∩ box, held to what defines them: feasibility, no
// better point nearby, and the float64 solution of the same problem by bisection.
import * as fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import type { NormName } from '../../src/audit/run.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime, type Session } from '../../src/runtime/runtime.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import type { Norm } from '../../src/threats/norm.ts';
import { l1Norm } from '../../src/threats/norms/l1.ts';
import { l2Norm } from '../../src/threats/norms/l2.ts';
import { linfNorm } from '../../src/threats/norms/linf.ts';

const WIDTH = 9;
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const norms: readonly Norm[] = [linfNorm, l2Norm, l1Norm];
const sessions = new Map<NormName, Session>();

function programOf(norm: Norm): Uint8Array {
  const b = new Builder();
  const [v, up, down] = ['v', 'up', 'down'].map((name) => b.input(name, [BATCH, WIDTH]));
  if (!v || !up || !down) throw new Error('three inputs');
  const rooms = { up, down };
  return writeModel(
    b.graph({
      projected: norm.project(b, v, rooms),
      best: norm.maximiser(b, v, rooms),
      support: norm.support(b, v, rooms),
      direction: norm.direction(b, v, rooms),
    }),
  );
}

beforeAll(async () => {
  for (const norm of norms) sessions.set(norm.name, await runtime.session(programOf(norm)));
});

interface Problem {
  readonly v: readonly number[];
  readonly up: readonly number[];
  readonly down: readonly number[];
}

const row = fc.array(
  fc.integer({ min: -300, max: 300 }).map((n) => Math.fround(n / 100)),
  { minLength: WIDTH, maxLength: WIDTH },
);
const room = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 100 }).map((n) => Math.fround(n / 100)),
    fc.constant(0),
    fc.constant(1),
  ),
  { minLength: WIDTH, maxLength: WIDTH },
);
const problem: fc.Arbitrary<Problem> = fc.record({ v: row, up: room, down: room });

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** The one-parameter families whose member on the sphere solves each problem. */
function onSphere(norm: Norm, family: (t: number) => number[]): number[] {
  let [low, high] = [0, 1];
  while (norm.length(family(high)) < 1 && high < 1e9) high *= 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (norm.length(family(middle)) > 1) high = middle;
    else low = middle;
  }
  return family(low);
}

function exactProjection(norm: Norm, { v, up, down }: Problem): number[] {
  const boxed = (values: readonly number[]): number[] =>
    values.map((x, i) => clamp(x, -(down[i] ?? 0), up[i] ?? 0));
  const clipped = boxed(v);
  if (norm.name === 'linf' || norm.length(clipped) <= 1) return clipped;
  if (norm.name === 'l2') return onSphere(norm, (t) => boxed(v.map((x) => x * t)));
  const largest = Math.max(...v.map(Math.abs));
  const soft = (t: number): number[] => {
    const threshold = Math.max(0, largest - t);
    return boxed(v.map((x) => Math.sign(x) * Math.max(0, Math.abs(x) - threshold)));
  };
  return onSphere(norm, soft);
}

function exactSupport(norm: Norm, { v, up, down }: Problem): number {
  const items = v.map((x, i) => ({ size: Math.abs(x), room: (x > 0 ? up[i] : down[i]) ?? 0 }));
  if (norm.name === 'linf') return items.reduce((sum, { size, room: r }) => sum + size * r, 0);
  if (norm.name === 'l2') {
    const best = onSphere(norm, (t) => items.map(({ size, room: r }) => Math.min(t * size, r)));
    return items.reduce((sum, { size }, i) => sum + size * (best[i] ?? 0), 0);
  }
  let [left, sum] = [1, 0];
  for (const { size, room: r } of [...items].sort((p, q) => q.size - p.size)) {
    sum += size * Math.min(left, r);
    left -= Math.min(left, r);
  }
  return sum;
}

async function solve(norm: Norm, problems: readonly Problem[]): Promise<Map<string, number[][]>> {
  const feed = (pick: (p: Problem) => readonly number[]) =>
    tensor('float32', [problems.length, WIDTH], Float32Array.from(problems.flatMap(pick)));
  const results = await sessions.get(norm.name)?.run({
    v: feed((p) => p.v),
    up: feed((p) => p.up),
    down: feed((p) => p.down),
  });
  const rows = new Map<string, number[][]>();
  for (const [name, { data }] of Object.entries(results ?? {})) {
    const width = data.length / problems.length;
    const values = Array.from(data as Float32Array);
    rows.set(
      name,
      problems.map((_, i) => values.slice(i * width, (i + 1) * width)),
    );
  }
  return rows;
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

describe.each(norms)('$name', (norm) => {
  const problems = fc.sample(problem, { seed: 11, numRuns: 400 });

  test('the projection is the nearest point of ball ∩ box', async () => {
    const rows = (await solve(norm, problems)).get('projected') ?? [];
    rows.forEach((delta, i) => {
      const own = problems[i];
      if (!own) return;
      const exact = exactProjection(norm, own);
      const distance = (p: readonly number[]): number =>
        Math.hypot(...p.map((x, k) => x - (own.v[k] ?? 0)));
      expect(norm.length(delta)).toBeLessThanOrEqual(1 + 1e-6);
      expect(distance(delta)).toBeLessThanOrEqual(distance(exact) + 2e-3);
      delta.forEach((x, k) => expect(Math.abs(x - (exact[k] ?? 0))).toBeLessThan(5e-3));
    });
  });

  test('the maximiser attains the support, and nothing in the set exceeds it', async () => {
    const solved = await solve(norm, problems);
    problems.forEach((own, i) => {
      const exact = exactSupport(norm, own);
      const [support = 0] = solved.get('support')?.[i] ?? [];
      const best = solved.get('best')?.[i] ?? [];
      expect(support).toBeGreaterThanOrEqual(exact - 1e-6 * (1 + exact));
      expect(support).toBeLessThanOrEqual(exact * (1 + 1e-4) + 1e-6);
      expect(norm.length(best)).toBeLessThanOrEqual(1 + 1e-6);
      expect(dot(own.v, best)).toBeGreaterThanOrEqual(exact * (1 - 1e-4) - 1e-6);
    });
  });

  test('a step direction never points downhill and has at most unit length', async () => {
    const rows = (await solve(norm, problems)).get('direction') ?? [];
    rows.forEach((direction, i) => {
      expect(norm.length(direction)).toBeLessThanOrEqual(1 + 1e-6);
      expect(dot(problems[i]?.v ?? [], direction)).toBeGreaterThanOrEqual(-1e-6);
    });
  });
});
