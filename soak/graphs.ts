/**
 * Random graphs: runtime against oracle, gradients against differences, intervals against points.
 *
 * The checks are the tests' own (packages/core/test/random-case.ts). Tests are not compiled, so they
 * are loaded from source through Vite.
 */
import { createViteServer } from 'vitest/node';
import { soak } from './harness.ts';

interface RandomCase {
  readonly checkRandomGraph: (seed: number) => Promise<unknown>;
}

const server = await createViteServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
try {
  const loaded = await server.ssrLoadModule('/packages/core/test/random-case.ts');
  const { checkRandomGraph: step } = loaded as unknown as RandomCase;
  await soak({ name: 'graphs', total: 20_000, step });
} finally {
  await server.close();
}
