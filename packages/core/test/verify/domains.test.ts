/** Domains: what is chosen for their bounds, and that the bounds hold on all of each. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LayerwiseBounds, type SetFeed } from '../../src/bounds/layerwise.ts';
import { boundMethods } from '../../src/bounds/methods.ts';
import { readModel } from '../../src/onnx/read.ts';
import { openNetwork, type OpenNetwork } from '../../src/runtime/network.ts';
import { Programs } from '../../src/runtime/programs.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { linf } from '../../src/threats/threat.ts';
import { roundingModel } from '../../src/transforms/rounding.ts';
import { ActivationSplitting } from '../../src/verify/activation-splitting.ts';
import type { Domain, Question, Split } from '../../src/verify/domain.ts';
import { DomainBounder } from '../../src/verify/domain-bounder.ts';
import type { Root } from '../../src/verify/domain-feeds.ts';
import { domainGraphs } from '../../src/verify/domain-graphs.ts';
import { type Help, LateHelpers } from '../../src/verify/sharing.ts';
import { candidates, halves } from '../../src/verify/split-choice.ts';
import { Tightening } from '../../src/verify/tightening.ts';
import { Draw } from '../generators/draw.ts';
import { drawLayers, modelOf, runtime } from './dense.ts';
import { evaluateLayers, type Layer } from './line-oracle.ts';

const WIDTHS = [6, 10, 8, 3];
const draw = new Draw(7);
const layers = drawLayers(draw, WIDTHS);
const lower = draw.list(6, () => draw.real(-1, 0));
const upper = lower.map((low) => low + 0.8);
const question: Question = {
  index: 0,
  row: Float32Array.of(1, -1, 0.5),
  beside: 100,
  bound: 0,
  isStrict: false,
};

let network: OpenNetwork;
let root: Root;

const subjectOf = (own: OpenNetwork) => ({
  network: own,
  output: own.output,
  threat: linf({ eps: 0 }),
  rounding: roundingModel('real'),
});
const subject = () => subjectOf(network);

/** What CROWN knows inside a network over the box. */
async function rootOf(own: readonly Layer[]) {
  const opened = await openNetwork(readModel(modelOf(own)), runtime);
  const of = (values: readonly number[]) => ({ data: Float32Array.from(values), shape: [6] });
  const middle = lower.map((low, i) => (low + (upper[i] ?? low)) / 2);
  const set: SetFeed = {
    centre: of(middle),
    lower: of(lower),
    upper: of(upper),
    radius: { data: new Float32Array(1), shape: [] },
  };
  const bounds = LayerwiseBounds.of(subjectOf(opened), 'domains');
  const found = await bounds.inside(set, boundMethods.crown);
  if (!found) throw new Error('nothing is known inside');
  return { subject: subjectOf(opened), root: { set, found } };
}

beforeAll(async () => {
  const own = await rootOf(layers);
  network = own.subject.network;
  root = own.root;
});

afterAll(() => network.release());

const whole = (): Domain => ({ question, splits: [], chosen: null, key: -Infinity, steps: 0 });

/** All domains after so many rounds of cutting the first candidate. */
async function cutAll(bounder: DomainBounder, rounds: number): Promise<Domain[]> {
  let domains = [whole()];
  for (let round = 0; round < rounds; round++) {
    const bounds = await bounder.bound(root, domains, 15);
    domains = domains.flatMap((domain, i) => {
      const own = bounds[i];
      const [best] = own ? candidates(own.views, 1) : [];
      return own && best ? halves(domain, own, best, 10) : [domain];
    });
  }
  return domains;
}

/** Values before each bend, and the outputs last. */
function inside(x: readonly number[]): number[][] {
  return layers.map((_, depth) => {
    const front: Layer[] = layers.slice(0, depth + 1);
    return evaluateLayers(front, x);
  });
}

const lies = (values: readonly number[][], { place, element, side, point }: Split): boolean =>
  side * ((values[place]?.[element] ?? 0) - point) >= 0;

const points = Array.from({ length: 1000 }, () =>
  lower.map((low, i) => low + draw.next() * ((upper[i] ?? low) - low)),
);

describe('a pass back and forth', () => {
  test('gives the bound, and the gradients, that the transform of the bound gives', async () => {
    const bounder = new DomainBounder(subject(), 'passes', { atOnce: 8 });
    const [domain] = await cutAll(bounder, 3);
    if (!domain) throw new Error('no domain');
    const programs = new Programs(runtime);
    const results = [];
    for (const by of ['pass', 'gradient'] as const) {
      const { climb, climbing } = domainGraphs(subject(), undefined, by);
      const graph = climbing.b.graph(climb);
      const fed = await feedsOf(bounder, domain);
      const names = new Set(
        graph.inputs.map((id) => {
          const node = graph.nodes[id];
          return node?.op === 'input' ? node.attributes.name : '';
        }),
      );
      const own = Object.fromEntries(Object.entries(fed).filter(([name]) => names.has(name)));
      results.push(await (await programs.named(by, () => graph)).run(own));
    }
    const [pass = {}, gradient = {}] = results;
    expect(Object.keys(pass).sort()).toEqual(Object.keys(gradient).sort());
    for (const [name, { data }] of Object.entries(pass)) {
      const other = gradient[name]?.data ?? [];
      expect(data.length).toBe(other.length);
      data.forEach((value: number | bigint, i: number) =>
        expect(Number(value)).toBeCloseTo(Number(other[i]), 4),
      );
    }
    await programs.release();
  });
});

/** What the bounder feeds its programs for a domain. */
async function feedsOf(bounder: DomainBounder, domain: Domain): Promise<Record<string, Tensor>> {
  const seen: Record<string, Tensor>[] = [];
  const original = network.programs.named.bind(network.programs);
  network.programs.named = async (name, build) => {
    const program = await original(name, build);
    return {
      run: (feeds, into) => {
        seen.push({ ...feeds });
        return program.run(feeds, into);
      },
    };
  };
  try {
    await bounder.proven(root, [domain]);
  } finally {
    network.programs.named = original;
  }
  return seen[0] ?? {};
}

test('without a split a domain has the bound of its set', async () => {
  const bounds = LayerwiseBounds.of(subject(), 'domains');
  const rows = { rows: [question.row], settles: false };
  const [least] = await bounds.least(root.set, root.found, rows, 'linear');
  const [crown = NaN] = least ?? [];
  const bounder = new DomainBounder(subject(), 'unsplit', { atOnce: 8 });
  const [own] = await bounder.proven(root, [whole()]);
  expect(own).toBeCloseTo(crown, 4);
  const [climbed] = await bounder.bound(root, [whole()], 40);
  expect(climbed?.key).toBeGreaterThanOrEqual(crown + 100 - 1e-4);
});

test('domains cover the set, and their bounds hold on all of each, and do not fall with cuts', async () => {
  const bounder = new DomainBounder(subject(), 'leaves', { atOnce: 8 });
  const domains = await cutAll(bounder, 4);
  expect(domains.length).toBeGreaterThan(8);
  const bounds = await bounder.bound(root, domains, 20);
  const proven = await bounder.proven(
    root,
    domains.map((domain, i) => ({ ...domain, chosen: bounds[i]?.chosen ?? null })),
  );
  let inLeaves = 0;
  for (const x of points) {
    const values = inside(x);
    const output = values.at(-1) ?? [];
    const row = question.row.reduce((sum, c, i) => sum + c * (output[i] ?? 0), 0);
    const homes = [...domains.keys()].filter((i) =>
      domains[i]?.splits.every((split) => lies(values, split)),
    );
    expect(homes.length).toBeGreaterThan(0);
    for (const i of homes) expect(row).toBeGreaterThanOrEqual((proven[i] ?? NaN) - 1e-9);
    inLeaves += homes.length;
  }
  expect(inLeaves).toBeGreaterThanOrEqual(points.length);
  const [atRoot] = await bounder.bound(root, [whole()], 40);
  expect(Math.min(...bounds.map(({ key }) => key))).toBeGreaterThan(atRoot?.key ?? Infinity);
});

test('batches that are bounded at the same time come to what each comes to alone', async () => {
  const bounder = new DomainBounder(subject(), 'together', { atOnce: 8 });
  const domains = await cutAll(bounder, 3);
  const parts = [domains.slice(0, 4), domains.slice(4, 8)];
  const bound = (part: readonly Domain[]) => bounder.bound(root, part, 10);
  const alone = [];
  for (const part of parts) alone.push(await bound(part));
  const glances = await Promise.all(parts.map((part) => bounder.glance(root, part)));
  const together = await Promise.all(parts.map(bound));
  const again = await Promise.all(parts.map((part) => bounder.glance(root, part)));
  expect(together).toEqual(alone);
  expect(again).toEqual(glances);
});

test.each([Number.NaN, Number.NEGATIVE_INFINITY])(
  'a domain whose halves a glance finds to be %s is cut all the same, and stays open',
  async (key) => {
    const bounder = new DomainBounder(subject(), 'glances', { atOnce: 8 });
    bounder.glance = (_, domains) => Promise.resolve(new Float64Array(domains.length).fill(key));
    const splitting = new ActivationSplitting({
      bounder,
      root,
      search: () => Promise.resolve(null),
      mostDomains: 100,
    });
    const never = { ...question, beside: -1000 };
    const { left } = await splitting.run([never], { enough: () => 20, most: 20 });
    expect(splitting.branches).toBeGreaterThanOrEqual(20);
    expect([...left]).toEqual([0]);
  },
);

test('values that others tighten, and those they are lost over, come to the same', async () => {
  const wide = await rootOf(drawLayers(new Draw(9), [6, 60, 150, 2]));
  try {
    const alone = await new Tightening(wide.subject, 'alone').tightened(wide.root, { rounds: 1 });
    const other = new Tightening(wide.subject, 'other');
    let calls = 0;
    const help: Help = {
      close: () => Promise.reject(new Error('there are no boxes')),
      cut: () => Promise.reject(new Error('there are no domains')),
      least: (refinement) =>
        calls++ === 0 ? Promise.resolve(null) : other.least(structuredClone(refinement)),
    };
    const helpers = new LateHelpers({ ...help, startTime: 0, start: () => undefined, idle: 1 });
    const shared = await new Tightening(wide.subject, 'shared').tightened(wide.root, {
      rounds: 1,
      helpers,
    });
    expect(calls).toBeGreaterThan(1);
    expect(shared.found).toEqual(alone.found);
    expect(shared.found).not.toEqual(wide.root.found);
  } finally {
    await wide.subject.network.release();
  }
});

test('a value of which one domain has no bound is left as it was', async () => {
  const first = root.found[1]?.lower.findIndex(
    (low, i) => low < 0 && (root.found[1]?.upper[i] ?? 0) > 0,
  );
  // Of all leaves the first, which is the first value's, comes to nothing, and those behind it to a number.
  const spy = vi
    .spyOn(DomainBounder.prototype, 'proven')
    .mockImplementation((_, { length }) =>
      Promise.resolve(Float64Array.from({ length }, (_each, i) => (i === 0 ? NaN : 0))),
    );
  try {
    const tight = await new Tightening(subject(), 'nothing').tightened(root, { rounds: 4 });
    const [before, after] = [root, tight].map(({ found }) => found[1]?.lower[first ?? -1]);
    expect(before).toBeLessThan(0);
    expect(after).toBe(before);
  } finally {
    spy.mockRestore();
  }
});

test('bounds that branches tighten hold, and are narrower', async () => {
  const tight = await new Tightening(subject(), 'tight').tightened(root, { rounds: 6 });
  let isNarrower = false;
  tight.found.forEach((ends, place) => {
    const before = root.found[place];
    ends.lower.forEach((low, i) => {
      const high = ends.upper[i] ?? NaN;
      expect(low).toBeGreaterThanOrEqual(before?.lower[i] ?? NaN);
      expect(high).toBeLessThanOrEqual(before?.upper[i] ?? NaN);
      isNarrower ||= high - low < 0.9 * ((before?.upper[i] ?? NaN) - (before?.lower[i] ?? NaN));
    });
  });
  expect(isNarrower).toBe(true);
  for (const x of points) {
    inside(x)
      .slice(0, -1)
      .forEach((values, place) => {
        values.forEach((value, i) => {
          // The oracle applies the last layer of a front without its hinge.
          expect(value).toBeGreaterThanOrEqual((tight.found[place]?.lower[i] ?? NaN) - 1e-6);
          expect(value).toBeLessThanOrEqual((tight.found[place]?.upper[i] ?? NaN) + 1e-6);
        });
      });
  }
});
