/**
 * Random graphs: runtime against oracle, gradients against differences, intervals against points.
 *
 * The checks are the tests' own (packages/core/test/random-case.ts).
 */
import { openSource } from './from-source.ts';
import { soak } from './harness.ts';

interface RandomCase {
  readonly checkRandomGraph: (seed: number) => Promise<unknown>;
}

const source = await openSource();
try {
  const loaded = await source.load('/packages/core/test/random-case.ts');
  const { checkRandomGraph: step } = loaded as RandomCase;
  await soak({ name: 'graphs', total: 20_000, step });
} finally {
  await source.close();
}
