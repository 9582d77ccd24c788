/**
 * Tests run against the TypeScript sources: the packages' own names are resolved to `src`, so no
 * test of the library needs a build. Tests that start the real command line use `dist`.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@glacis\/core$/, replacement: source('./packages/core/src/index.ts') },
      { find: /^glacis$/, replacement: source('./packages/glacis/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.js'],
    setupFiles: [source('./vitest.setup.ts')],
    // A native run that crashes must not take the other files with it.
    pool: 'forks',
    // Each file runs on one thread; no core is left idle.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
