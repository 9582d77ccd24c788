// Runs a compiled program of a folder of tools (`bench/`, `soak/`) by name, or lists what there is,
// each with the first line of its header comment.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Failure, at, root } from './project.js';
import { setup } from './setup.js';

/** `npm run FOLDER -- NAME [arguments]`. Files in `support` are imported by tools and are none. */
export async function tool(folder, support = []) {
  const [, , name, ...args] = process.argv;
  const names = existsSync(at(folder))
    ? readdirSync(at(folder))
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
        .map((file) => file.slice(0, -'.ts'.length))
        .filter((candidate) => !support.includes(candidate))
    : [];
  if (name === undefined) {
    process.stdout.write(`npm run ${folder} -- NAME [arguments]\n\n${listing(folder, names)}`);
    return;
  }
  if (!names.includes(name)) {
    throw new Failure(`There is no ${folder}/${name}.ts; there is:\n${listing(folder, names)}`, 2);
  }
  await setup();
  const program = at('.build', folder, `${name}.js`);
  process.chdir(root);
  process.argv = [process.argv[0], program, ...args];
  await import(pathToFileURL(program).href);
}

function listing(folder, names) {
  if (names.length === 0) return '  (nothing yet)\n';
  const width = Math.max(...names.map((name) => name.length));
  return names
    .map((name) => `  ${name.padEnd(width)}  ${headline(at(folder, `${name}.ts`))}\n`)
    .join('');
}

/** The first line with words in it of a file's opening comment. */
function headline(file) {
  const opening = /^\s*(?:\/\*\*?([\s\S]*?)\*\/|((?:\/\/.*\n)+))/.exec(readFileSync(file, 'utf8'));
  const lines = (opening?.[1] ?? opening?.[2] ?? '').split('\n');
  return lines.map((line) => line.replace(/^\s*(\*|\/\/)?\s*/, '').trim()).find(Boolean) ?? '';
}
