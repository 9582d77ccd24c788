// A run that is stopped, by a clock or by Ctrl-C, stops between two evaluations and keeps what it found.
// The clock of these tests counts evaluations, so nothing here is a matter of seconds.
import { describe, expect, test } from 'vitest';
import type { Attack } from '../../src/attacks/attack.ts';
import { attackTable } from '../../src/attacks/table.ts';
import { audit, type AuditOptions } from '../../src/audit/audit.ts';
import type { NormName } from '../../src/audit/run.ts';
import { defaultPlan } from '../../src/audit/plan.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { Threat } from '../../src/threats/threat.ts';
import { linearClassifier, randomWeights, rowsOn, runtime } from '../attacks/linear-model.ts';

const [FEATURES, COUNT] = [24, 40];
const w = randomWeights(FEATURES);

/** A runtime that counts its runs. */
function counting(): { runtime: Runtime; runs: () => number } {
  let count = 0;
  return {
    runs: () => count,
    runtime: {
      name: runtime.name,
      session: async (bytes) => {
        const session = await runtime.session(bytes);
        return {
          ...session,
          run: (feeds) => {
            count++;
            return session.run(feeds);
          },
          release: () => session.release(),
        };
      },
    },
  };
}

/** At these about half of the rows can be broken. */
const radii = { linf: 0.1, l2: 0.35, l1: 1 } as const;

/** Audits with one attack. */
async function attacked(attack: Attack, norm: keyof typeof radii, after: number | null) {
  const counter = counting();
  const classifier = await linearClassifier(w, undefined, counter.runtime);
  const eps = radii[norm];
  const threat = new Threat(norm, { eps });
  const { rows } = rowsOn(w, COUNT, eps);
  const begun = counter.runs();
  const limit: Partial<AuditOptions> =
    after === null ? {} : { now: counter.runs, deadline: begun + after };
  const part = await audit({
    model: classifier.model,
    classifier,
    runtime: counter.runtime,
    threat,
    data: { x: { type: 'float32', shape: [COUNT, FEATURES], data: rows.x }, y: rows.labels },
    plan: { ...defaultPlan(), noise: null, attacks: [attack] },
    radii: false,
    proofs: false,
    ...limit,
  });
  await classifier.release();
  return { part, runs: counter.runs() - begun };
}

const broken = ({ part }: Awaited<ReturnType<typeof attacked>>): number[] =>
  part.samples.flatMap(({ verdict, index }) => (verdict === 'falsified' ? [index] : []));

/** Clean answers, the estimate, and the judgement of what was found. */
const BESIDES = 4;

describe.each(Object.values<Attack>(attackTable).filter(({ side }) => side === 'attack'))(
  '$id',
  (attack) => {
    test('stops after the evaluation in which the time is over, and nothing is lost', async () => {
      const classifier = await linearClassifier(w);
      const serves = (name: NormName): boolean => {
        const threat = new Threat(name, { eps: name === 'l0' ? 1 : 0.1, clip: [-9, 9] });
        return !attack.refusal?.({ classifier, threat });
      };
      const norm = (['linf', 'l2', 'l1'] as const).find(serves);
      // Those that only count features are stopped by the same searches.
      if (norm === undefined) return expect(serves('l0')).toBe(true);
      const whole = await attacked(attack, norm, null);
      const found = broken(whole);
      expect(found.length).toBeGreaterThan(3);
      for (const after of [2, 5, 11]) {
        const stopped = await attacked(attack, norm, after);
        expect(stopped.runs).toBeLessThanOrEqual(after + BESIDES);
        expect(stopped.part.samples.length).toBe(COUNT);
        expect(found).toEqual(expect.arrayContaining(broken(stopped)));
        const open = stopped.part.samples.filter(({ verdict }) => verdict === 'timeout');
        if (stopped.runs < whole.runs) expect(open.length).toBeGreaterThan(0);
      }
      return undefined;
    });
  },
);

test('what an attack had found by then is kept, judged and in the record', async () => {
  const { part } = await attacked(attackTable.pgd, 'linf', 14);
  const kept = part.samples.filter(({ verdict }) => verdict === 'falsified');
  expect(kept.length).toBeGreaterThan(3);
  expect(kept.every(({ upper, upperMethod }) => upper !== null && upperMethod === 'pgd')).toBe(
    true,
  );
  expect(part.samples.some(({ verdict }) => verdict === 'timeout')).toBe(true);
});

test('Ctrl-C in the middle of an attack keeps what it had found', async () => {
  const counter = counting();
  const classifier = await linearClassifier(w, undefined, counter.runtime);
  const { rows } = rowsOn(w, COUNT, 0.1);
  const begun = counter.runs();
  const part = await audit({
    model: classifier.model,
    classifier,
    runtime: counter.runtime,
    threat: new Threat('linf', { eps: 0.1 }),
    data: { x: { type: 'float32', shape: [COUNT, FEATURES], data: rows.x }, y: rows.labels },
    plan: { ...defaultPlan(), noise: null, attacks: [attackTable['apgd-ce']] },
    signal: {
      get aborted() {
        return counter.runs() - begun > 12;
      },
      throwIfAborted: () => undefined,
    },
  });
  await classifier.release();
  expect(part.samples.length).toBe(COUNT);
  expect(part.samples.filter(({ verdict }) => verdict === 'falsified').length).toBeGreaterThan(3);
  expect(part.samples.some(({ verdict }) => verdict === 'timeout')).toBe(true);
  expect(counter.runs() - begun).toBeLessThanOrEqual(13 + BESIDES);
});
