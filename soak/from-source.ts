/**
 * Checks that are the tests' own. Tests are not compiled, so a soak loads them from source through Vite.
 */
import { createViteServer } from 'vitest/node';

export interface Source {
  /** The exports of a module, by its path from the repository's root. */
  load(path: string): Promise<unknown>;
  close(): Promise<void>;
}

export async function openSource(): Promise<Source> {
  const server = await createViteServer({
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  return { load: (path) => server.ssrLoadModule(path), close: () => server.close() };
}
