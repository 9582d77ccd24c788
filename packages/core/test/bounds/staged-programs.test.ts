/** What is run in stages gives what the whole graph gives; what does not vary is computed once. */
import * as ort from 'onnxruntime-node';
import { afterAll, expect, test } from 'vitest';
import { Prepared, StagedPrograms } from '../../src/bounds/staged-programs.ts';
import { Builder } from '../../src/graph/builder.ts';
import type { Node } from '../../src/graph/graph.ts';
import { Programs } from '../../src/runtime/programs.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { expectAllclose } from '../allclose.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';

const programs = new Programs(ortRuntime(ort, { name: 'onnxruntime-node', threads: 1 }));
afterAll(() => programs.release());

const b = new Builder();
const set = b.input('set', ['batch', 3]);
const rows = b.input('rows', ['batch', 'rows', 3]);
const line = b.sqrt(b.add(b.mul(set, set), 1));
const column = b.reshape(line, ['batch', 3, 1]);
const least = b.matMul(b.relu(rows), column);
const flag = b.greater(9, b.sum(line, [1]));
const outputs = { least, flag, spread: b.expand(b.scalar(2), ['batch', 'rows']) };
const [x, r] = [floats([1, -2, 3], [1, 3]), floats([1, 0, 0, -1, 2, 1], [1, 2, 3])];
const whole = evaluateOutputs(b.graph(outputs), { set: x, rows: r });

test('rows over one set, its values prepared with another output or not', async () => {
  const stages = new StagedPrograms(programs, 'test', b.nodes, [set]);
  const staged = stages.staged('rows', outputs, [rows]);
  expect(staged.varying.inputs).not.toContain('set');
  expect(staged.border.length).toBeGreaterThan(0);
  for (const values of [{}, { first: b.mul(line, 2) }]) {
    const prepared = new Prepared();
    const others = { name: Object.keys(values).join(), values };
    const results = await stages.prepare(prepared, { set: x }, others, [staged]);
    expect(Object.keys(results)).toEqual(expect.arrayContaining(Object.keys(values)));
    const run = await stages.open(staged, prepared, { set: x });
    const found = await run({ rows: r });
    for (const name of Object.keys(outputs)) {
      expectAllclose(found[name], whole[name], { relative: 1e-6, absolute: 0 });
    }
    // Nothing is prepared twice.
    expect(await stages.prepare(prepared, {}, { name: '', values: {} }, [staged])).toEqual({});
  }
});

test('what a later stage takes from the set is computed ahead of it, unless it is made as fast as it is fed', async () => {
  const found = b.input('found', ['batch', 3]);
  const far = Array.from({ length: 5 }).reduce<Node>((x) => b.sqrt(b.add(b.mul(x, x), 1)), set);
  const near = b.add(set, 2);
  const later = { least: b.mul(b.add(far, found), near) };
  const stages = new StagedPrograms(programs, 'ahead', b.nodes, [set]);
  const ahead = stages.ahead('ahead', later, [found]);
  expect(ahead.border).toEqual([far.id]);
  const prepared = new Prepared();
  await stages.prepare(prepared, { set: x }, { name: 'line', values: { line } }, [ahead]);
  const y = floats([4, 5, 6], [1, 3]);
  const own = { name: 'later', values: later };
  const { least: staged } = await stages.prepare(prepared, { set: x, found: y }, own, []);
  const { least: direct } = evaluateOutputs(b.graph(later), { set: x, rows: r, found: y });
  expectAllclose(staged, direct, { relative: 1e-6, absolute: 0 });
});
