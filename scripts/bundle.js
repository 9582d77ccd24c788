// Bundles the compiled command line into few files: loading five hundred modules one by one would take longer
// than most queries. What holds native code or files of its own, or is seldom needed, stays outside.

import { rmSync } from 'node:fs';
import { Failure, at } from './project.js';

const compiled = 'packages/glacis/dist';
const folder = 'packages/glacis/program';

/** What processes are started with, by its name in the bundle. */
const entries = {
  main: 'cli/main.js',
  child: 'parallel/child.js',
  'helper-child': 'parallel/helper-child.js',
};

const outside = [
  'onnxruntime-node',
  'onnxruntime-web',
  'highs',
  '@observablehq/plot',
  'linkedom',
  'pngjs',
];

/** The files that must be there. */
export const bundled = Object.keys(entries).map((name) => `${folder}/${name}.js`);

/** Throws a Failure where something cannot be bundled. */
export async function bundle() {
  const { rolldown } = await import('rolldown');
  rmSync(at(folder), { recursive: true, force: true });
  try {
    const build = await rolldown({
      input: Object.fromEntries(
        Object.entries(entries).map(([name, file]) => [name, at(compiled, file)]),
      ),
      platform: 'node',
      external: outside,
    });
    await build.write({ dir: at(folder), format: 'esm', chunkFileNames: '[name]-[hash].js' });
    await build.close();
  } catch (error) {
    throw new Failure(`The command line cannot be bundled: ${error.message}`);
  }
}
